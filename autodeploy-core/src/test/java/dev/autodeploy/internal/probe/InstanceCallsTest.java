package dev.autodeploy.internal.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.SleepMode;
import dev.autodeploy.spi.ProbeTarget;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests of our own to an instance that is hostile, or hangs. */
@Timeout(20)
final class InstanceCallsTest {
  private static final Duration SHORT = Duration.ofMillis(500);

  private ServerSocket server;
  private final CompletableFuture<String> seen = new CompletableFuture<>();

  @BeforeEach
  void open() throws IOException {
    server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nX: "})
  void send_toAnInstanceWhoseHeadDrips_endsInTime(String begin) {
    answers(begin, "x");

    assertThatThrownBy(() -> send("POST", null, SHORT))
        .isInstanceOf(IOException.class)
        .hasMessage("POST /sleep was not answered within 500 ms");
  }

  @Test
  void isReady_ofAnInstanceWhoseHeadDrips_endsInTime() {
    answers("HTTP/1.1 200 OK\r\nX: ", "x");
    HttpCheck check = new HttpCheck("/ready", 200, 299, "GET", Map.of(), null, SHORT);

    assertThatThrownBy(() -> check.isReady(target()))
        .hasMessage("GET /ready was not answered within 500 ms");
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTTP/1.1 103 Hints\r\n\r\n", "HTTP/1.1 100 Continue\r\nA: b\r\n\r\n"})
  void isReady_ofAnInstanceWithInterimResponsesWithoutEnd_fails(String interim) {
    answers("", interim.repeat(1000));

    assertThatThrownBy(() -> HttpCheck.of("/", 200, 299).isReady(target()))
        .isInstanceOf(IOException.class)
        .hasMessage("GET / was answered with a head without end");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"\r\n", "Content-Length: 1000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n5\r\n"})
  void send_toAnInstanceWhoseBodyDrips_isAnsweredWithItsBeginning(String rest) throws IOException {
    answers("HTTP/1.1 200 OK\r\n" + rest + "begin", "x");

    assertThat(send("GET", null, SHORT)).startsWith("begin");
  }

  @Test
  void send_toAnInstanceWhoseChunkHasASizeThatDrips_endsInTime() throws IOException {
    answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=", "x");

    assertThat(send("GET", null, SHORT)).isEmpty();
  }

  @Test
  void send_manyChunksOfOneByte_areReadToTheLimitOfTheBody() throws IOException {
    answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n".repeat(1000));

    assertThat(send("GET", null, Duration.ofSeconds(10))).hasSize(1 << 16);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1;", "1;a=b\r\nx\r\n1;"})
  void send_toAnInstanceWhoseChunkHasAnExtensionWithoutEnd_fails(String begin) {
    answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + begin, "x".repeat(1000));

    assertThatThrownBy(() -> send("GET", null, Duration.ofSeconds(10)))
        .isInstanceOf(IOException.class)
        .hasMessage("GET /sleep was answered with chunks whose sizes have no end");
  }

  @Test
  void send_toAnInstanceWithExtensionsOfEveryChunk_failsBeforeTheyAreLongerThanTheBody() {
    String chunk = "1;" + "x".repeat(4000) + "\r\nx\r\n";
    answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunk);

    assertThatThrownBy(() -> send("GET", null, Duration.ofSeconds(10)))
        .isInstanceOf(IOException.class)
        .hasMessage("GET /sleep was answered with chunks whose sizes have no end");
  }

  @Test
  void send_trailersWithoutEnd_areNotRead() throws IOException {
    answers(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n",
        "A: b\r\n".repeat(1000));

    assertThat(send("GET", null, Duration.ofSeconds(10))).isEqualTo("ok");
  }

  @Test
  void send_bodyWithoutEnd_isReadToItsLimit() throws IOException {
    answers("HTTP/1.0 200 OK\n\n", "x".repeat(10_000));

    assertThat(send("GET", null, Duration.ofSeconds(10))).hasSizeBetween(1 << 16, 1 << 17);
  }

  @Test
  void send_chunks_arePutTogether() throws IOException {
    String interim = "HTTP/1.1 100 Continue\r\n\r\n";
    String head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    answers(interim + head + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", "");

    assertThat(send("POST", "{}", Duration.ofSeconds(10))).isEqualTo("abcde");
    assertThat(seen.join())
        .startsWith("POST /sleep HTTP/1.1\r\n")
        .contains("Host: 127.0.0.1:" + server.getLocalPort() + "\r\n")
        .contains("Content-Type: application/json\r\n", "Content-Length: 2\r\n")
        .endsWith("\r\n\r\n{}");
  }

  private String send(String method, String body, Duration timeout) throws IOException {
    return InstanceCalls.send(endpoint(), new SleepMode.Request(method, "/sleep", body, timeout));
  }

  /** Answers a connection with a text, and then with another one again and again. */
  private void answers(String text, String drip) {
    Thread thread = new Thread(() -> answer(text, drip));
    thread.setDaemon(true);
    thread.start();
  }

  private void answer(String text, String drip) {
    try (Socket client = server.accept()) {
      InputStream in = client.getInputStream();
      byte[] request = new byte[10_000];
      seen.complete(new String(request, 0, in.read(request), StandardCharsets.ISO_8859_1));
      client.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
      while (!drip.isEmpty()) {
        client.getOutputStream().write(drip.getBytes(StandardCharsets.ISO_8859_1));
        Thread.sleep(drip.length() > 1 ? 0 : 50); // well below the timeout
      }
    } catch (IOException | InterruptedException e) {
      // the other end has left, as it should
    }
  }

  private URI endpoint() {
    return URI.create("http://127.0.0.1:" + server.getLocalPort());
  }

  private ProbeTarget target() {
    return new ProbeTarget(endpoint(), true, () -> CompletableFuture.completedFuture(List.of()));
  }
}
