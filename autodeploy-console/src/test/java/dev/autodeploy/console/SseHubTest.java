package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class SseHubTest {
  private final SseHub hub = new SseHub(10, Duration.ofMillis(300));
  private final ExecutorService executor = Executors.newCachedThreadPool();
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(executor);
    server.createContext(
        "/", exchange -> hub.open(exchange, caller(exchange), "topic", ": hello\n\n"));
    server.start();
  }

  @AfterEach
  void stop() {
    hub.close();
    server.stop(0);
    executor.shutdownNow();
  }

  /** The path stands for the client's name. */
  private static Caller caller(HttpExchange exchange) {
    String client = exchange.getRequestURI().getPath();
    return new Caller(client, "127.0.0.1", ConsoleRole.READ, "session of " + client);
  }

  private Socket connect() throws IOException {
    return connect("/");
  }

  private Socket connect(String client) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(4096);
    socket.connect(server.getAddress());
    socket
        .getOutputStream()
        .write(
            ("GET " + client + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                .getBytes(StandardCharsets.UTF_8));
    return socket;
  }

  @Test
  void aReaderThatDoesNotRead_isEnded_andHoldsUpNobody() throws Exception {
    try (Socket slow = connect();
        Socket quick = connect()) {
      Await.until(() -> hub.size() == 2);
      BufferedReader in =
          new BufferedReader(new InputStreamReader(quick.getInputStream(), StandardCharsets.UTF_8));
      CompletableFuture<Boolean> last =
          CompletableFuture.supplyAsync(
              () -> in.lines().anyMatch(line -> line.contains("the last one")), executor);
      String large = SseHub.message("event", "x".repeat(64 * 1024));
      Await.until(
          () -> {
            hub.publish("topic", large);
            hub.endStuck();
            return hub.size() == 1;
          });
      hub.publish("topic", SseHub.message("event", "the last one"));
      assertThat(last.get()).isTrue();
      assertThat(slow.isClosed()).isFalse();
    }
  }

  @Test
  void aStream_isAboutItsTopicOnly() throws Exception {
    try (Socket socket = connect()) {
      Await.until(() -> hub.has("topic"));
      assertThat(hub.has("another")).isFalse();
      hub.publish("another", SseHub.message("event", "not for you"));
      hub.publish("topic", SseHub.message("event", "for you"));
      hub.streams("topic").forEach(SseHub.Stream::end);
      String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(all).contains("for you").doesNotContain("not for you");
    }
  }

  @Test
  void aClientWithManyStreams_takesNoPlaceFromAnother() throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try {
      Socket quiet = connect("/quiet");
      sockets.add(quiet);
      Await.until(() -> hub.size() == 1);
      for (int i = 0; i < 40; i++) {
        Socket greedy = connect("/greedy");
        sockets.add(greedy);
        skipTo(lines(greedy), "hello"); // or the next ones would come after the last
        Await.until(() -> hub.size() <= 10);
      }
      Await.until(() -> hub.size() == 10);
      Socket late = connect("/late");
      sockets.add(late);
      for (Socket one : List.of(quiet, late)) {
        Iterator<String> lines = lines(one);
        skipTo(lines, "hello"); // it is in the hub
        hub.publish("topic", SseHub.message("event", "for everybody"));
        skipTo(lines, "for everybody");
      }
      assertThat(hub.size()).isLessThanOrEqualTo(10);
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }

  private static Iterator<String> lines(Socket socket) throws IOException {
    socket.setSoTimeout(10_000);
    return new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
        .lines()
        .iterator();
  }

  private static void skipTo(Iterator<String> lines, String word) {
    while (!lines.next().contains(word)) {
      // An earlier line.
    }
  }

  @Test
  void aSessionThatIsOver_hasNoStream() throws Exception {
    try (Socket ended = connect("/mei");
        Socket open = connect("/kenji")) {
      Await.until(() -> hub.size() == 2);
      hub.endWhere(session -> session.equals("session of /mei"));
      assertThat(new String(ended.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .contains("hello");
      assertThat(hub.size()).isEqualTo(1);
      assertThat(open.isClosed()).isFalse();
    }
  }

  @Test
  void aHubThatIsClosed_endsItsStreams() throws Exception {
    try (Socket socket = connect()) {
      Await.until(() -> hub.size() == 1);
      hub.close();
      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .contains("hello");
      assertThat(hub.size()).isZero();
    }
  }
}
