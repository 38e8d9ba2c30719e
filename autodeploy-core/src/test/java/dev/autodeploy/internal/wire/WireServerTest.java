package dev.autodeploy.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class WireServerTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final SharedSecret secret = new SharedSecret("a secret of more than 16");
  private final WireServer server =
      started(0, body -> ("re: " + text(body)).getBytes(StandardCharsets.UTF_8));

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void exchange_isAnswered_againAndAgainOnOneConnection() throws IOException {
    try (WireConnection connection = new WireConnection(address(), secret)) {
      for (int i = 0; i < 100; i++) {
        assertThat(text(connection.exchange(bytes("question " + i), LIMIT)))
            .isEqualTo("re: question " + i);
      }
      byte[] large = new byte[3_000_000];
      assertThat(connection.exchange(large, LIMIT)).hasSize(large.length + 4);
    }
  }

  @Test
  void exchange_withAnotherSecret_isRefusedInWords() {
    SharedSecret other = new SharedSecret("another secret of 16 or more");
    try (WireConnection connection = new WireConnection(address(), other)) {
      assertThatThrownBy(() -> connection.exchange(bytes("question"), LIMIT))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("another secret");
    }
  }

  @Test
  void answer_ofAServerWithoutTheSecret_isNotTaken() {
    WireServer stranger = started(0, body -> body);
    SharedSecret ours = new SharedSecret("what the caller has, not the server");
    try (stranger;
        WireConnection connection =
            new WireConnection(URI.create("http://127.0.0.1:" + stranger.port()), ours)) {
      assertThatThrownBy(() -> connection.exchange(bytes("question"), LIMIT))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void signature_countsForOneKindOneNonceAndOneBodyOnly() {
    byte[] body = bytes("body");
    String signature = secret.sign(HttpMessage.REQUEST, "n1", body);

    assertThat(secret.isSigned(HttpMessage.REQUEST, "n1", body, signature)).isTrue();
    assertThat(secret.isSigned(HttpMessage.ANSWER, "n1", body, signature)).isFalse();
    assertThat(secret.isSigned(HttpMessage.REQUEST, "n2", body, signature)).isFalse();
    assertThat(secret.isSigned(HttpMessage.REQUEST, "n1", bytes("bodY"), signature)).isFalse();
    assertThat(secret.isSigned(HttpMessage.REQUEST, "n1", body, "")).isFalse();
    assertThat(secret.toString()).doesNotContain("16");
  }

  @Test
  void nonsense_endsTheConnection_andNothingElse() throws IOException {
    for (String nonsense :
        new String[] {
          "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
          "POST /autodeploy/replica/1 HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n",
          "POST /autodeploy/replica/1 HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
          "POST /autodeploy/replica/1 HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
          "POST /autodeploy/replica/1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "x".repeat(10_000),
        }) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
        socket.setSoTimeout((int) LIMIT.toMillis());
        socket.getOutputStream().write(nonsense.getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
        assertThat(ends(socket.getInputStream())).as(nonsense).isTrue();
      }
    }
    try (Socket unsigned = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      unsigned.setSoTimeout((int) LIMIT.toMillis());
      unsigned
          .getOutputStream()
          .write(bytes(HttpMessage.REQUEST_LINE + "\r\nContent-Length: 2\r\n\r\n{}"));
      assertThat(text(unsigned.getInputStream().readAllBytes())).startsWith("HTTP/1.1 401");
    }
    try (WireConnection connection = new WireConnection(address(), secret)) {
      assertThat(connection.exchange(bytes("question"), LIMIT)).isNotEmpty();
    }
  }

  @Test
  void connection_isMadeAgain_afterAnError() throws IOException {
    try (WireConnection connection = new WireConnection(address(), secret)) {
      connection.exchange(bytes("question"), LIMIT);
      int port = server.port();
      server.close();
      assertThatThrownBy(() -> connection.exchange(bytes("question"), LIMIT))
          .isInstanceOf(IOException.class);
      try (WireServer next = startedAgain(port)) {
        assertThat(next.port()).isEqualTo(port);
        assertThat(text(connection.exchange(bytes("question"), LIMIT))).isEqualTo("question");
      }
    }
  }

  @Test
  void port_isFreeOnceItIsClosed() {
    int port = server.port();
    server.close();
    for (int i = 0; i < 30; i++) {
      started(port, body -> body).close();
    }
  }

  @Test
  void port_thatIsTaken_isNamed() {
    InetSocketAddress taken =
        new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port());
    assertThatThrownBy(() -> WireServer.open(taken))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(String.valueOf(server.port()));
  }

  /** Starts a server on a port that another one has just left. */
  private WireServer startedAgain(int port) {
    while (true) {
      try {
        return started(port, body -> body);
      } catch (UncheckedIOException e) {
        Thread.onSpinWait(); // the thread that accepted has not seen the end yet
      }
    }
  }

  private WireServer started(int port, UnaryOperator<byte[]> handler) {
    WireServer opened =
        WireServer.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    opened.start(secret, handler);
    return opened;
  }

  private static boolean ends(InputStream in) {
    try {
      in.readAllBytes();
      return true;
    } catch (java.net.SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  private URI address() {
    return URI.create("http://127.0.0.1:" + server.port());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
