package dev.autodeploy.examples.standin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class StandInServerTest {
  private static final String SENTENCE =
      "How about playing basketball after school? The weather looks great today.";
  private static final String WALK_THROUGH =
      "{\"model\":\"tts-1\",\"voice\":\"alloy\",\"input\":\"" + SENTENCE + "\"}";

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ByteArrayOutputStream logged = new ByteArrayOutputStream();
  private final List<AutoCloseable> toClose = new ArrayList<>();
  private KevinVoice kevin;

  @BeforeAll
  void loadVoice() {
    kevin = KevinVoice.load();
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable closeable : toClose) {
      closeable.close();
    }
    toClose.clear();
    logged.reset();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/models", "/models"})
  void models_withAndWithoutPrefix_answers(String path) throws Exception {
    HttpResponse<String> response = get(serve(kevin), path);

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(contentType(response)).isEqualTo("application/json");
    assertThat(response.body()).isEqualTo("{\"message\":\"List of available models\"}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/audio/speech", "/audio/speech"})
  void speech_ofTheWalkThrough_isItsSentenceAsWav(String path) throws Exception {
    HttpResponse<byte[]> response =
        client.send(
            speech(serve(kevin), path, WALK_THROUGH)
                .header("Authorization", "Bearer sk-template")
                .build(),
            BodyHandlers.ofByteArray());

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(contentType(response)).isEqualTo("audio/wav");
    assertThat(response.headers().firstValue("Content-Disposition"))
        .hasValue("attachment; filename=output.wav");
    assertThat(response.headers().firstValue("Content-Length")).isEmpty();
    assertThat(response.headers().firstValue("Transfer-Encoding")).hasValue("chunked");
    AudioInputStream audio =
        AudioSystem.getAudioInputStream(new ByteArrayInputStream(response.body()));
    assertThat(audio.getFormat().getEncoding()).isEqualTo(AudioFormat.Encoding.PCM_SIGNED);
    assertThat(audio.getFormat().getSampleRate()).isEqualTo(22_050f);
    assertThat(audio.getFormat().getChannels()).isEqualTo(1);
    double seconds = audio.getFrameLength() / 22_050.0;
    assertThat(seconds).isBetween(3.0, 6.0);
    assertThat(seconds)
        .as("seconds that the voice itself speaks")
        .isCloseTo(kevin.speak(SENTENCE).length / 16_000.0, within(0.001));
    byte[] sound = audio.readAllBytes();
    assertThat(sound).hasSize((int) audio.getFrameLength() * 2);
    assertThat(loudness(sound)).as("root mean square").isBetween(500.0, 15_000.0);
  }

  @Test
  void speech_withoutTheOptionalFields_isTheSame() throws Exception {
    URI server = serve(kevin);

    byte[] plain = speak(server, "{\"input\":\"Hello there.\"}").body();
    byte[] full =
        speak(
                server,
                "{\"model\":\"x\",\"voice\":7,\"speed\":4,\"response_format\":\"mp3\","
                    + "\"other\":[{\"input\":\"no\"}],\"input\":\"Hello there.\"}")
            .body();

    assertThat(full).isEqualTo(plain);
  }

  @Test
  void speech_withoutInput_answers422AsFastApiDoes() throws Exception {
    HttpResponse<byte[]> response = speak(serve(kevin), "{\"model\":\"tts-1\"}");

    assertThat(response.statusCode()).isEqualTo(422);
    assertThat(contentType(response)).isEqualTo("application/json");
    assertThat(text(response))
        .isEqualTo(
            "{\"detail\":[{\"type\":\"missing\",\"loc\":[\"body\",\"input\"],"
                + "\"msg\":\"Field required\",\"input\":{\"model\":\"tts-1\"}}]}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "{\"input\":5}|string_type|[\"body\",\"input\"]",
        "{\"input\":null}|string_type|[\"body\",\"input\"]",
        "{\"input\":\"a\",\"model\":{}}|string_type|[\"body\",\"model\"]",
        "{\"input\":\"a\",\"response_format\":[1]}|string_type|[\"body\",\"response_format\"]",
        "{\"input\":\"a\",\"speed\":\"fast\"}|float_parsing|[\"body\",\"speed\"]",
        "{\"input\":\"a\",\"speed\":[]}|float_type|[\"body\",\"speed\"]",
        "[]|model_attributes_type|[\"body\"]",
        "\"text\"|model_attributes_type|[\"body\"]",
        "{\"input\":\"a\"|json_invalid|[\"body\"]",
        "{\"input\":\"a\"} x|json_invalid|[\"body\"]",
        "nonsense|json_invalid|[\"body\"]",
        "''|json_invalid|[\"body\"]"
      })
  void speech_badBody_answers422WithTypeAndPlace(String body, String type, String location)
      throws Exception {
    HttpResponse<byte[]> response = speak(serve(kevin), body);

    assertThat(response.statusCode()).isEqualTo(422);
    assertThat(text(response))
        .startsWith("{\"detail\":[{\"type\":\"" + type + "\",\"loc\":" + location + ",\"msg\":\"")
        .endsWith("}]}");
  }

  @Test
  void speech_withoutBody_answers422() throws Exception {
    HttpResponse<byte[]> response = speak(serve(kevin), "");

    assertThat(response.statusCode()).isEqualTo(422);
    assertThat(text(response))
        .isEqualTo(
            "{\"detail\":[{\"type\":\"missing\",\"loc\":[\"body\"],"
                + "\"msg\":\"Field required\",\"input\":null}]}");
  }

  @Test
  void speech_sentAsAForm_answers422() throws Exception {
    HttpRequest form =
        HttpRequest.newBuilder(serve(kevin).resolve("/v1/audio/speech"))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(BodyPublishers.ofString("{\"input\":\"Hello\"}"))
            .build();

    HttpResponse<byte[]> response = client.send(form, BodyHandlers.ofByteArray());

    assertThat(response.statusCode()).isEqualTo(422);
    assertThat(text(response)).contains("\"type\":\"model_attributes_type\"");
  }

  @Test
  void speech_ofAnEmptyInput_answers500() throws Exception {
    HttpResponse<byte[]> response = speak(serve(kevin), "{\"input\":\"\"}");

    assertThat(response.statusCode()).isEqualTo(500);
    assertThat(contentType(response)).startsWith("text/plain");
    assertThat(text(response)).isEqualTo("Internal Server Error");
  }

  @Test
  void speech_ofChinese_answers422AndSaysThatItIsTheStandInsLimit() throws Exception {
    HttpResponse<byte[]> response =
        speak(serve(kevin), "{\"input\":\"\u4ECA\u5929\u5929\u6C23\u771F\u597D\"}");

    assertThat(response.statusCode()).isEqualTo(422);
    assertThat(text(response))
        .startsWith("{\"detail\":[{\"type\":\"value_error\",\"loc\":[\"body\",\"input\"],")
        .contains("stand-in")
        .contains("English only")
        .contains("'\u4ECA' (HAN)");
  }

  @Test
  void speech_whenTheVoiceBreaks_answers500AndGoesOnServing() throws Exception {
    URI server =
        serve(
            text -> {
              throw new IllegalStateException("secret words: " + text);
            });

    assertThat(speak(server, "{\"input\":\"Hello\"}").statusCode()).isEqualTo(500);
    assertThat(get(server, "/v1/models").statusCode()).isEqualTo(200);
    assertThat(log()).contains("java.lang.IllegalStateException").doesNotContain("secret words");
  }

  @Test
  void speech_ofATooLargeBody_answers413() throws Exception {
    HttpResponse<byte[]> response =
        speak(serve(kevin), "{\"input\":\"" + "a".repeat(1 << 20) + "\"}");

    assertThat(response.statusCode()).isEqualTo(413);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/", "/v1", "/v1/", "/health", "/v1/health", "/v1/v1/models", "/v1models"})
  void anythingElse_answers404(String path) throws Exception {
    HttpResponse<String> response = get(serve(kevin), path);

    assertThat(response.statusCode()).isEqualTo(404);
    assertThat(response.body()).isEqualTo("{\"detail\":\"Not Found\"}");
  }

  @ParameterizedTest
  @CsvSource({"DELETE,/v1/models,GET", "HEAD,/v1/models,GET", "GET,/v1/audio/speech,POST"})
  void wrongMethod_answers405(String method, String path, String allowed) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(serve(kevin).resolve(path))
            .method(method, BodyPublishers.noBody())
            .build();

    HttpResponse<String> response = client.send(request, BodyHandlers.ofString());

    assertThat(response.statusCode()).isEqualTo(405);
    assertThat(response.headers().firstValue("Allow")).hasValue(allowed);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/docs", "/v1/docs"})
  void docs_isAPageThatNamesTheEndpoints(String path) throws Exception {
    HttpResponse<String> response = get(serve(kevin), path);

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(contentType(response)).isEqualTo("text/html; charset=utf-8");
    assertThat(response.body()).contains("/v1/models", "/v1/audio/speech");
  }

  @Test
  void models_whileItSpeaks_waitsForTheEndOfTheSpeech() throws Exception {
    HeldVoice voice = new HeldVoice();
    StandInServer server = open(voice);

    CompletableFuture<HttpResponse<byte[]>> speech =
        client.sendAsync(
            speech(uri(server), "/v1/audio/speech", "{\"input\":\"Hello\"}").build(),
            BodyHandlers.ofByteArray());
    voice.speaking.await();
    CompletableFuture<HttpResponse<String>> models =
        client.sendAsync(
            HttpRequest.newBuilder(uri(server).resolve("/v1/models")).build(),
            BodyHandlers.ofString());
    while (server.waiting() == 0 && !models.isDone()) {
      Thread.sleep(1);
    }

    assertThat(models).isNotDone();
    assertThat(speech).isNotDone();
    voice.mayEnd.countDown();
    assertThat(speech.get().statusCode()).isEqualTo(200);
    assertThat(models.get().statusCode()).isEqualTo(200);
    assertThat(log().indexOf("/v1/audio/speech")).isLessThan(log().indexOf("/v1/models"));
  }

  @Test
  void speech_sendsNothingBeforeItIsWhole() throws Exception {
    HeldVoice voice = new HeldVoice();
    StandInServer server = open(voice);
    String body = "{\"input\":\"Hello\"}";

    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
      socket
          .getOutputStream()
          .write(
              ("POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: "
                      + body.length()
                      + "\r\n\r\n"
                      + body)
                  .getBytes(ISO_8859_1));
      voice.speaking.await();

      assertThat(socket.getInputStream().available()).isZero();
      voice.mayEnd.countDown();
      assertThat(new String(socket.getInputStream().readAllBytes(), ISO_8859_1))
          .startsWith("HTTP/1.1 200 OK\r\n")
          .containsIgnoringCase("\r\nTransfer-Encoding: chunked\r\n")
          .endsWith("\r\n0\r\n\r\n");
    }
  }

  @Test
  void aClientThatSendsNoEndOfItsBody_keepsNobodyWaiting() throws Exception {
    StandInServer server = open(kevin);

    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
      socket
          .getOutputStream()
          .write(
              "POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
                  .getBytes(ISO_8859_1));

      assertThat(get(uri(server), "/v1/models").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void log_ofARequest_isALineLikeUvicorns() throws Exception {
    get(serve(kevin), "/v1/models?token=secret");

    assertThat(log())
        .containsPattern("INFO: {5}127\\.0\\.0\\.1:\\d+ - \"GET /v1/models HTTP/1\\.1\" 200 OK\\R")
        .doesNotContain("secret");
  }

  private URI serve(SpeechSynthesizer voice) throws Exception {
    return uri(open(voice));
  }

  private URI serve(SpeakingOnly voice) throws Exception {
    return uri(open(voice));
  }

  private StandInServer open(SpeechSynthesizer voice) throws Exception {
    UvicornLog log = new UvicornLog(new PrintStream(logged, true, UTF_8));
    StandInServer server =
        StandInServer.open(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            new BreezyVoiceApi(voice, log),
            log);
    toClose.add(server);
    return server;
  }

  private static URI uri(StandInServer server) {
    return URI.create("http://127.0.0.1:" + server.address().getPort());
  }

  private HttpResponse<String> get(URI server, String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(server.resolve(path)).build(), BodyHandlers.ofString());
  }

  private HttpResponse<byte[]> speak(URI server, String json) throws Exception {
    return client.send(
        speech(server, "/v1/audio/speech", json).build(), BodyHandlers.ofByteArray());
  }

  private static HttpRequest.Builder speech(URI server, String path, String json) {
    return HttpRequest.newBuilder(server.resolve(path))
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString(json));
  }

  private String log() {
    return logged.toString(UTF_8);
  }

  private static String contentType(HttpResponse<?> response) {
    return response.headers().firstValue("Content-Type").orElse("");
  }

  private static String text(HttpResponse<byte[]> response) {
    return new String(response.body(), UTF_8);
  }

  private static double loudness(byte[] littleEndian) {
    ByteBuffer samples = ByteBuffer.wrap(littleEndian).order(ByteOrder.LITTLE_ENDIAN);
    double squares = 0;
    while (samples.hasRemaining()) {
      double sample = samples.getShort();
      squares += sample * sample;
    }
    return Math.sqrt(squares / (littleEndian.length / 2.0));
  }

  /** A voice for tests that do not care about its sample rate. */
  private interface SpeakingOnly extends SpeechSynthesizer {
    @Override
    default int sampleRate() {
      return 16_000;
    }
  }

  /** A voice that speaks until it is allowed to end. */
  private static final class HeldVoice implements SpeakingOnly {
    private final CountDownLatch speaking = new CountDownLatch(1);
    private final CountDownLatch mayEnd = new CountDownLatch(1);

    @Override
    public short[] speak(String text) {
      speaking.countDown();
      try {
        mayEnd.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return new short[16_000];
    }
  }
}
