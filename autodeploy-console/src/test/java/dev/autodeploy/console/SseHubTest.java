package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
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
    server.createContext("/", exchange -> hub.open(exchange, "topic", ": hello\n\n"));
    server.start();
  }

  @AfterEach
  void stop() {
    hub.close();
    server.stop(0);
    executor.shutdownNow();
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(4096);
    socket.connect(server.getAddress());
    socket
        .getOutputStream()
        .write(
            "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
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
