package dev.autodeploy.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tests of what counts as answered, told and lost, and what the table finds good. */
class RowTest {
  @ParameterizedTest
  @CsvSource({
    "HTTP/1.1 200 OK|Content-Length: 3||ok., ANSWERED",
    "HTTP/1.1 200 OK|Content-Length: 9||ok., TOLD",
    "HTTP/1.1 200 OK|Content-Length: 2||ok, LOST",
    "HTTP/1.1 200 OK|Content-Length: 3||no., LOST",
    "HTTP/1.1 200 OK|Content-Length: x||ok., LOST",
    "HTTP/1.1 200 OK|Transfer-Encoding: chunked||3|ok.|0||, ANSWERED",
    "HTTP/1.1 200 OK|Transfer-Encoding: chunked||3|ok.|, TOLD",
    "HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0||, LOST",
    "HTTP/1.1 200 OK|Transfer-Encoding: chunked||x|ok.|0||, LOST",
    "HTTP/1.1 200 OK|Transfer-Encoding: chunked||-3|ok.|0||, LOST",
    "HTTP/1.1 200 OK|Transfer-Encoding: chunked||3|ok.ok.|0||, LOST",
    "HTTP/1.1 200 OK||ok, LOST",
    "HTTQ 200 OK|Content-Length: 3||ok., LOST",
    "HTTP/1.1 503 Service Unavailable||no, TOLD",
    "'', TOLD"
  })
  void exchange_tellsWhatTheClientKnows(String answer, Outcome.Kind kind) throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread thread = new Thread(() -> answer(server, answer.replace("|", "\r\n")));
      thread.start();

      Outcome outcome =
          Exchange.get(URI.create("http://127.0.0.1:" + server.getLocalPort() + "/"), "ok.");

      assertThat(outcome.kind()).as(outcome.detail()).isEqualTo(kind);
      thread.join();
    }
  }

  @Test
  void row_isGood_onlyWithoutLossesLeaksAndLongHangs() {
    Duration limit = Duration.ofSeconds(30);
    assertThat(new Row("t", 1, 9, 4, 5, 0, 0, limit.minusMillis(1)).good()).isTrue();
    assertThat(new Row("t", 1, 9, 4, 5, 1, 0, Duration.ZERO).good()).isFalse();
    assertThat(new Row("t", 1, 9, 4, 5, 0, 1, Duration.ZERO).good()).isFalse();
    assertThat(new Row("t", 1, 9, 4, 5, 0, 0, limit).good()).isFalse();
  }

  @Test
  void row_isGood_onlyWithAnAnswerToEachRound() {
    assertThat(new Row("t", 1, 0, 0, 0, 0, 0, Duration.ZERO).good()).isFalse();
    assertThat(new Row("t", 1, 9, 0, 9, 0, 0, Duration.ZERO).good()).isFalse();
    assertThat(new Row("t", 3, 9, 2, 7, 0, 0, Duration.ZERO).good()).isFalse();
    assertThat(new Row("t", 3, 9, 3, 6, 0, 0, Duration.ZERO).good()).isTrue();
  }

  @Test
  void row_addsUpToItsRequests() {
    Tally tally = new Tally();
    for (Outcome.Kind kind : Outcome.Kind.values()) {
      tally.add(new Outcome(kind, Duration.ZERO, ""));
    }
    assertThat(Row.of("t", 1, tally, 0).line()).startsWith("| t | 1 | 4 | 2 | 1 | 1 | 0 |");
  }

  private static void answer(ServerSocket server, String answer) {
    try (Socket socket = server.accept();
        OutputStream out = socket.getOutputStream()) {
      socket.getInputStream().read(new byte[1000]);
      out.write(answer.getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
