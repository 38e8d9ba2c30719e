package dev.autodeploy.examples.standin;

import dev.autodeploy.examples.standin.InvalidRequestException.Problem;
import org.jspecify.annotations.Nullable;

/**
 * BreezyVoice's endpoints, apart from any server.
 *
 * <p>Both {@code /v1/...} and the bare path are answered; {@code Authorization} is never looked at.
 * Not thread-safe: the caller lets one request in at a time.
 */
final class BreezyVoiceApi {
  private static final int WAV_SAMPLE_RATE = 22_050;

  private static final String MODELS = "{\"message\":\"List of available models\"}";

  private static final String DOCS =
      """
      <!DOCTYPE html>
      <html lang="en">
      <head><meta charset="utf-8"><title>BreezyVoice stand-in</title></head>
      <body>
      <h1>BreezyVoice stand-in</h1>
      <p>The HTTP contract of BreezyVoice, with an English voice instead of its model.</p>
      <ul>
      <li><code>GET /v1/models</code></li>
      <li><code>POST /v1/audio/speech</code>, JSON: <code>input</code> (required, at most MAX_LENGTH
      characters, English); <code>model</code>, <code>voice</code>, <code>speed</code>,
      <code>response_format</code> are accepted and ignored. Answers <code>audio/wav</code>, mono,
      22 050 Hz.</li>
      </ul>
      </body>
      </html>
      """
          .replace("MAX_LENGTH", String.valueOf(SpeakableText.MAX_LENGTH));

  private final SpeechSynthesizer synthesizer;
  private final Resampler resampler;
  private final UvicornLog log;

  BreezyVoiceApi(SpeechSynthesizer synthesizer, UvicornLog log) {
    this.synthesizer = synthesizer;
    this.resampler = new Resampler(synthesizer.sampleRate(), WAV_SAMPLE_RATE);
    this.log = log;
  }

  /**
   * Answers one request; blocks until its whole speech is made.
   *
   * @param method the HTTP method
   * @param rawPath the path without the query
   * @param contentType the {@code Content-Type} header
   * @param body the whole body
   */
  Answer answer(String method, String rawPath, @Nullable String contentType, byte[] body) {
    String path = rawPath.startsWith("/v1/") ? rawPath.substring("/v1".length()) : rawPath;
    return switch (path) {
      case "/models" ->
          method.equals("GET") ? Answer.json(200, MODELS) : Answer.methodNotAllowed("GET");
      case "/audio/speech" ->
          method.equals("POST") ? speech(contentType, body) : Answer.methodNotAllowed("POST");
      case "/docs" ->
          method.equals("GET") || method.equals("HEAD")
              ? Answer.html(DOCS)
              : Answer.methodNotAllowed("GET, HEAD");
      default -> Answer.detail(404, "Not Found");
    };
  }

  private Answer speech(@Nullable String contentType, byte[] body) {
    try {
      String input = SpeechRequest.parse(contentType, body).input();
      return input.isBlank() ? emptyInput() : speak(input);
    } catch (InvalidRequestException e) {
      return Answer.json(422, e.toJson());
    }
  }

  /** BreezyVoice's model fails on an empty text, and nothing in front of it catches that. */
  private Answer emptyInput() {
    log.error("Exception while speaking: the input is empty");
    return Answer.internalError();
  }

  private Answer speak(String input) throws InvalidRequestException {
    String text;
    try {
      text = SpeakableText.of(input);
    } catch (UnspeakableTextException e) {
      throw new InvalidRequestException(
          new Problem("value_error", "input", e.reason(), SpeechRequest.quote(input)));
    }
    try {
      short[] samples = synthesizer.speak(text);
      return Answer.wav(WavFile.of(resampler.resample(samples), WAV_SAMPLE_RATE));
    } catch (RuntimeException e) {
      // Without its message, which may quote the text.
      log.error("Exception while speaking: " + e.getClass().getName());
      return Answer.internalError();
    }
  }
}
