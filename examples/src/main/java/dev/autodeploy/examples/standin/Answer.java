package dev.autodeploy.examples.standin;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/** A response before it is sent. */
final class Answer {
  private final int status;
  private final Map<String, String> headers;
  private final byte[] body;
  private final boolean streamed;

  private Answer(int status, Map<String, String> headers, byte[] body, boolean streamed) {
    this.status = status;
    this.headers = Map.copyOf(headers);
    this.body = body;
    this.streamed = streamed;
  }

  /** Returns an answer in JSON. */
  static Answer json(int status, String json) {
    return text(status, Map.of("Content-Type", "application/json"), json);
  }

  /** Returns FastAPI's answer to a request that no endpoint takes. */
  static Answer detail(int status, String detail) {
    return json(status, detailJson(detail));
  }

  /** Returns FastAPI's answer to a method that an endpoint does not have. */
  static Answer methodNotAllowed(String allowed) {
    return text(
        405,
        Map.of("Content-Type", "application/json", "Allow", allowed),
        detailJson("Method Not Allowed"));
  }

  /** Returns a page. */
  static Answer html(String html) {
    return text(200, Map.of("Content-Type", "text/html; charset=utf-8"), html);
  }

  /** Returns what FastAPI answers when an endpoint fails. */
  static Answer internalError() {
    return text(500, Map.of("Content-Type", "text/plain; charset=utf-8"), "Internal Server Error");
  }

  /** Returns a WAV file as BreezyVoice sends it. */
  static Answer wav(byte[] file) {
    Map<String, String> headers =
        Map.of(
            "Content-Type", "audio/wav", "Content-Disposition", "attachment; filename=output.wav");
    return new Answer(200, headers, file, true);
  }

  /** Returns the HTTP status. */
  int status() {
    return status;
  }

  /** Returns the headers, {@code Content-Type} among them. */
  Map<String, String> headers() {
    return headers;
  }

  /** Returns the body itself, not a copy. */
  byte[] body() {
    return body;
  }

  /** Returns whether the body goes out in chunks, without a {@code Content-Length}. */
  boolean streamed() {
    return streamed;
  }

  private static String detailJson(String detail) {
    return "{\"detail\":" + SpeechRequest.quote(detail) + "}";
  }

  private static Answer text(int status, Map<String, String> headers, String text) {
    return new Answer(status, headers, text.getBytes(StandardCharsets.UTF_8), false);
  }
}
