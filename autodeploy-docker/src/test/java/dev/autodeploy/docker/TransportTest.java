package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nothing hangs: whatever the other end does, every call ends. */
class TransportTest {
  private static final Duration TIMEOUT = Duration.ofMillis(500);
  private static final String VERSION =
      "{\"Version\":\"28.5.2\",\"ApiVersion\":\"1.51\",\"MinAPIVersion\":\"1.24\"}";

  @TempDir private Path directory;
  private final MockWebServer server = new MockWebServer();

  @BeforeEach
  void start() throws IOException {
    server.start();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void unixSocket_thatAcceptsAndStaysSilent_isGivenUpInTime() throws Exception {
    Path socket = directory.resolve("silent.sock");
    try (ServerSocketChannel silent = listen(socket)) {
      List<SocketChannel> accepted = new CopyOnWriteArrayList<>();
      CompletableFuture.runAsync(
          () -> {
            try {
              while (true) {
                accepted.add(silent.accept());
              }
            } catch (IOException e) {
              // Closed at the end of the test.
            }
          });
      long begun = System.nanoTime();
      DockerDaemonException problem = problem(URI.create("unix://" + socket));
      assertThat(problem.problem()).isEqualTo(DockerProblem.NO_ANSWER);
      assertThat(accepted).isNotEmpty();
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
    }
  }

  @Test
  void unixSocket_thatAnswersHalf_isGivenUpInTime() throws Exception {
    Path socket = directory.resolve("half.sock");
    try (ServerSocketChannel half = listen(socket)) {
      CompletableFuture.runAsync(
          () -> {
            try {
              SocketChannel channel = half.accept();
              channel.write(
                  ByteBuffer.wrap(
                      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
                          .getBytes(StandardCharsets.US_ASCII)));
              Thread.sleep(20_000);
            } catch (IOException | InterruptedException e) {
              // The end of the test.
            }
          });
      assertThat(problem(URI.create("unix://" + socket)).problem())
          .isEqualTo(DockerProblem.NO_ANSWER);
    }
  }

  @Test
  void unixSocket_thatIsMissing_meansThatDockerIsNotRunning() {
    DockerDaemonException problem = problem(URI.create("unix://" + directory.resolve("none")));
    assertThat(problem.problem()).isEqualTo(DockerProblem.NOT_RUNNING);
    assertThat(problem).hasMessageContaining("none").hasMessageContaining("not running");
  }

  @Test
  void unixSocket_thatNobodyListensOn_meansThatTheDaemonIsDown() throws Exception {
    Path socket = directory.resolve("dead.sock");
    listen(socket).close();
    assertThat(Files.exists(socket)).isTrue();
    assertThat(problem(URI.create("unix://" + socket)).problem())
        .isEqualTo(DockerProblem.NOT_ANSWERING);
  }

  @Test
  void tcp_refusedOrUnknownOrSilent_isToldApart() throws Exception {
    int free;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      free = socket.getLocalPort();
    }
    assertThat(problem(URI.create("tcp://127.0.0.1:" + free)).problem())
        .isEqualTo(DockerProblem.NOT_ANSWERING);
    assertThat(problem(URI.create("tcp://no-such-host.invalid:2375")).problem())
        .isEqualTo(DockerProblem.HOST_UNKNOWN);
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThat(problem(URI.create("tcp://127.0.0.1:" + silent.getLocalPort())).problem())
          .isEqualTo(DockerProblem.NO_ANSWER);
    }
  }

  @Test
  void httpToATlsPort_andAProxysPage_areNoDocker() {
    server.enqueue(
        new MockResponse.Builder()
            .code(400)
            .body("Client sent an HTTP request to an HTTPS server.")
            .build());
    assertThat(problem(mock()).problem()).isEqualTo(DockerProblem.TLS_NEEDED);
    server.enqueue(new MockResponse.Builder().code(502).body("<html>Bad Gateway</html>").build());
    assertThat(problem(mock()).problem()).isEqualTo(DockerProblem.NOT_DOCKER);
    server.enqueue(new MockResponse.Builder().code(200).body("hello").build());
    assertThat(problem(mock()).problem()).isEqualTo(DockerProblem.NOT_DOCKER);
  }

  @Test
  void ssh_isRefusedWithTheTunnelThatHelps() {
    assertThatThrownBy(() -> DaemonAddress.of(URI.create("ssh://me@gpu1"), null))
        .isInstanceOf(DockerDaemonException.class)
        .hasMessageContaining("ssh -nNT -L /tmp/docker-remote.sock:/var/run/docker.sock me@gpu1")
        .hasMessageContaining("with publishAddress the IP address of gpu1");
  }

  @Test
  void apiVersion_isTheNewestThatBothKnow() throws Exception {
    answerVersion("1.53");
    try (DaemonClient client = connect()) {
      server.enqueue(json("[]"));
      client.list(Map.of());
    }
    assertThat(server.takeRequest().getTarget()).isEqualTo("/version");
    assertThat(server.takeRequest().getTarget()).startsWith("/v1.51/containers/json");

    answerVersion("1.41");
    try (DaemonClient client = connect()) {
      server.enqueue(json("[]"));
      client.list(Map.of());
    }
    server.takeRequest();
    assertThat(server.takeRequest().getTarget()).startsWith("/v1.41/");
  }

  @Test
  void apiVersion_thatIsTooOld_isRefused() {
    answerVersion("1.39");
    DockerDaemonException problem = problem(mock());
    assertThat(problem.problem()).isEqualTo(DockerProblem.API_VERSION);
    assertThat(problem).hasMessageContaining("1.39").hasMessageContaining("19.03");
  }

  @Test
  void apiVersion_isNegotiatedAgain_whenTheDaemonWasUpgraded() throws Exception {
    answerVersion("1.43");
    try (DaemonClient client = connect()) {
      server.enqueue(
          new MockResponse.Builder()
              .code(400)
              .body(
                  "{\"message\":\"client version 1.43 is too old. Minimum supported API version is"
                      + " 1.44, please upgrade your client to a newer version\"}")
              .build());
      answerVersion("1.54");
      server.enqueue(json("[]"));
      assertThat(client.list(Map.of())).isEmpty();
    }
    for (String path : List.of("/version", "/v1.43/", "/version", "/v1.51/")) {
      assertThat(server.takeRequest().getTarget()).startsWith(path);
    }
  }

  @Test
  void stream_closedBeforeItsAnswer_leaksNoThread() throws Exception {
    Path socket = directory.resolve("silent.sock");
    try (ServerSocketChannel silent = listen(socket)) {
      assertThat(silent.isOpen()).isTrue();
      DaemonTransport transport =
          new DaemonTransport(
              DaemonAddress.of(URI.create("unix://" + socket), null), TIMEOUT, Map.of());
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        JsonLines lines = new JsonLines("test", transport.stream("GET", "/events", Map.of()));
        CountDownLatch running = new CountDownLatch(1);
        Thread thread =
            new Thread(
                () -> {
                  running.countDown();
                  lines.forEach(() -> {}, line -> {});
                });
        threads.add(thread);
        thread.start();
        running.await();
        if (i % 2 == 0) {
          Thread.sleep(20);
        }
        lines.close();
      }
      for (Thread thread : threads) {
        thread.join(5000);
        assertThat(thread.isAlive()).isFalse();
      }
      transport.close();
    }
  }

  @Test
  void call_isEndedByAnInterrupt() throws Exception {
    Path socket = directory.resolve("silent.sock");
    try (ServerSocketChannel silent = listen(socket)) {
      assertThat(silent.isOpen()).isTrue();
      CompletableFuture<Throwable> failure = new CompletableFuture<>();
      Thread thread =
          new Thread(
              () -> {
                try {
                  DaemonClient.connect(
                      DaemonAddress.of(URI.create("unix://" + socket), null),
                      Duration.ofMinutes(5));
                } catch (RuntimeException e) {
                  failure.complete(e);
                }
              });
      thread.start();
      Thread.sleep(300);
      thread.interrupt();
      thread.join(5000);
      assertThat(thread.isAlive()).isFalse();
      assertThat(failure.join()).isInstanceOf(DockerDaemonException.class);
    }
  }

  @Test
  void connection_thatWentStale_isReplaced() throws Exception {
    TestDaemon.require();
    try (DaemonClient client = TestDaemon.client()) {
      for (int i = 0; i < 3; i++) {
        client.list(Map.of(Labels.OWNER, "nobody"));
      }
    }
    answerVersion("1.41");
    try (DaemonClient client = connect()) {
      server.enqueue(
          new MockResponse.Builder()
              .body("[]")
              .onResponseEnd(mockwebserver3.SocketEffect.ShutdownConnection.INSTANCE)
              .build());
      client.list(Map.of());
      server.enqueue(json("[]"));
      assertThat(client.list(Map.of())).isEmpty();
    }
  }

  @Test
  void overTls_http11IsSpoken_alsoWithWhatOffersMore_andHeadersOfTheClientAreSent()
      throws Exception {
    TestCertificates certificates = new TestCertificates(directory);
    Path files = Files.createDirectories(directory.resolve("daemon"));
    Files.copy(directory.resolve("ca.pem"), files.resolve("ca.pem"));
    Files.copy(directory.resolve("server-key.pem"), files.resolve("key.pem"));
    Files.copy(directory.resolve("server-cert.pem"), files.resolve("cert.pem"));
    try (MockWebServer daemon = new MockWebServer()) {
      daemon.useHttps(PemFiles.read(files).context().getSocketFactory());
      daemon.start();
      daemon.enqueue(json(VERSION));
      URI uri = URI.create("tcp://127.0.0.1:" + daemon.getPort() + "/docker");
      DaemonClient.connect(
              DaemonAddress.of(uri, certificates.client),
              Duration.ofSeconds(5),
              Map.of("X-Team", "speech"))
          .close();

      mockwebserver3.RecordedRequest request = daemon.takeRequest();
      assertThat(request.getVersion()).isEqualTo("HTTP/1.1");
      assertThat(request.getHeaders().get("X-Team")).isEqualTo("speech");
      assertThat(request.getTarget()).isEqualTo("/docker/version");
    }
  }

  private DaemonClient connect() {
    return DaemonClient.connect(DaemonAddress.of(mock(), null), TIMEOUT);
  }

  private DockerDaemonException problem(URI uri) {
    return catchThrowableOfType(
        DockerDaemonException.class,
        () -> DaemonClient.connect(DaemonAddress.of(uri, null), TIMEOUT).close());
  }

  private URI mock() {
    return URI.create("tcp://127.0.0.1:" + server.getPort());
  }

  private void answerVersion(String api) {
    server.enqueue(json(VERSION.replace("1.51", api)));
  }

  private static MockResponse json(String body) {
    return new MockResponse.Builder()
        .addHeader("Content-Type", "application/json")
        .body(body)
        .build();
  }

  private static ServerSocketChannel listen(Path socket) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    channel.bind(UnixDomainSocketAddress.of(socket));
    return channel;
  }
}
