package dev.autodeploy.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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
      byte[] large = new byte[9_000_000]; // as of a follower with very many open leases
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
  void exchange_withAReplicaOfAnEarlierVersion_isRefusedInWords() throws Exception {
    try (ServerSocket old = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      CompletableFuture<Void> serving = CompletableFuture.runAsync(() -> answerAsVersionOne(old));
      URI there = URI.create("http://127.0.0.1:" + old.getLocalPort());
      try (WireConnection connection = new WireConnection(there, secret)) {
        assertThatThrownBy(() -> connection.exchange(bytes("question"), LIMIT))
            .isInstanceOf(WireRefusedException.class)
            .hasMessageContaining("another version");
      }
      serving.get(20, TimeUnit.SECONDS);
    }
  }

  /** Answers one request as version 1 did: a signature of the body, and no challenge. */
  private static void answerAsVersionOne(ServerSocket old) {
    try (Socket caller = old.accept()) {
      byte[] request = new byte[1000];
      assertThat(caller.getInputStream().read(request)).isPositive();
      caller
          .getOutputStream()
          .write(
              bytes(
                  HttpMessage.REFUSAL_LINE
                      + "\r\nContent-Type: application/json\r\nAutoDeploy-Nonce: \r\n"
                      + "AutoDeploy-Signature: \r\nContent-Length: 0\r\n\r\n"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void request_ofAnEarlierVersion_isRefused_andNotHandled() throws IOException {
    byte[] body = bytes("question");
    String signature = secret.sign(HttpMessage.REQUEST, "n", body);
    for (String nonce : List.of("n", "")) {
      try (Socket old = stranger()) {
        old.getOutputStream()
            .write(
                bytes(
                    "POST /autodeploy/replica/1 HTTP/1.1\r\nAutoDeploy-Nonce: "
                        + nonce
                        + "\r\nAutoDeploy-Signature: "
                        + signature
                        + "\r\nContent-Length: 8\r\n\r\n"
                        + text(body)));
        assertThat(text(old.getInputStream().readAllBytes()))
            .startsWith(HttpMessage.REFUSAL_LINE)
            .contains("AutoDeploy-Nonce: \r\n");
      }
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
          "POST /autodeploy/replica/2 HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n",
          "POST /autodeploy/replica/2 HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
          "POST /autodeploy/replica/2 HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
          "POST /autodeploy/replica/2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
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
  void replica_isAnswered_besideAnyNumberOfStrangers() throws Exception {
    try (WireConnection known = new WireConnection(address(), secret);
        Closing strangers = new Closing()) {
      known.exchange(bytes("question"), LIMIT);
      for (int i = 0; i < 300; i++) {
        strangers.keep(stranger());
      }
      assertThat(text(known.exchange(bytes("again"), LIMIT))).isEqualTo("re: again");
      try (WireConnection next = new WireConnection(address(), secret)) {
        assertThat(text(next.exchange(bytes("question"), LIMIT))).isEqualTo("re: question");
      }
    }
  }

  @Test
  void body_ofAStranger_isNotWaitedFor() throws IOException {
    try (Socket socket = stranger()) {
      socket
          .getOutputStream()
          .write(
              bytes(
                  HttpMessage.REQUEST_LINE
                      + "\r\nAutoDeploy-Nonce: n\r\nContent-Length: 8000000\r\n\r\n"));
      assertThat(text(socket.getInputStream().readAllBytes())).startsWith("HTTP/1.1 401");
    }
  }

  @Test
  void recordedRequest_isRefused_onAnotherConnectionAndOnItsOwn() throws Exception {
    AtomicInteger carriedOut = new AtomicInteger();
    try (WireServer counted =
            started(
                0,
                body -> {
                  carriedOut.incrementAndGet();
                  return body;
                });
        ServerSocket tap = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Socket behind = new Socket(InetAddress.getLoopbackAddress(), counted.port())) {
      ByteArrayOutputStream recorded = new ByteArrayOutputStream();
      Thread relay = new Thread(() -> relay(tap, behind, recorded));
      relay.start();
      URI tapped = URI.create("http://127.0.0.1:" + tap.getLocalPort());
      try (WireConnection connection = new WireConnection(tapped, secret)) {
        connection.exchange(bytes("question"), LIMIT);
      }
      relay.join();
      assertThat(carriedOut).hasValue(1);

      byte[] signed = bytes("POST" + text(recorded.toByteArray()).split("POST", 3)[2]);
      assertThat(replayed(behind, signed)).startsWith("HTTP/1.1 401");
      try (Socket another = new Socket(InetAddress.getLoopbackAddress(), counted.port())) {
        assertThat(replayed(another, recorded.toByteArray())).contains("HTTP/1.1 401");
      }
      assertThat(carriedOut).hasValue(1);
    }
  }

  /** Passes what comes on to the server and back until the client leaves, and records it. */
  private static void relay(ServerSocket tap, Socket server, ByteArrayOutputStream recorded) {
    try (Socket client = tap.accept()) {
      Thread back =
          new Thread(
              () -> {
                try {
                  byte[] piece = new byte[4096];
                  for (int n; (n = server.getInputStream().read(piece)) > 0; ) {
                    client.getOutputStream().write(piece, 0, n);
                  }
                } catch (IOException e) {
                  // the client has left
                }
              });
      back.setDaemon(true);
      server.setSoTimeout(2000);
      back.start();
      byte[] piece = new byte[4096];
      for (int n; (n = client.getInputStream().read(piece)) > 0; ) {
        recorded.write(piece, 0, n);
        server.getOutputStream().write(piece, 0, n);
      }
      back.join();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static String replayed(Socket server, byte[] recorded) throws IOException {
    server.setSoTimeout(2000);
    server.getOutputStream().write(recorded);
    ByteArrayOutputStream answers = new ByteArrayOutputStream();
    try {
      server.getInputStream().transferTo(answers);
    } catch (SocketTimeoutException | SocketException e) {
      // it waits for more, or was closed before it had read everything
    }
    return text(answers.toByteArray());
  }

  private Socket stranger() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(3000);
    return socket;
  }

  /** Sockets that are closed together. */
  private static final class Closing implements AutoCloseable {
    private final List<Socket> sockets = new ArrayList<>();

    void keep(Socket socket) {
      sockets.add(socket);
    }

    @Override
    public void close() throws IOException {
      for (Socket socket : sockets) {
        socket.close();
      }
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
    } catch (SocketTimeoutException e) {
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
