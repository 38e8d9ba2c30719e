package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.spi.StartProgress;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A daemon, or a registry behind it, that answers what it should not. */
@Timeout(150)
class HostileDaemonTest {
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(3);

  @FunctionalInterface
  private interface Handler {
    void answer(HttpExchange exchange) throws IOException;
  }

  private final Map<String, Handler> handlers = new ConcurrentHashMap<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
    handlers.put("/version", text("{\"Version\":\"28.5.2\",\"ApiVersion\":\"1.51\"}"));
    handlers.put("/info", text("{\"ID\":\"abc\",\"OSType\":\"linux\"}"));
  }

  @AfterEach
  void stop() {
    server.stop(0);
    threads.shutdownNow();
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"status\":\"", "{\"a\":[", "{\"error\":\"", " "})
  void stream_whoseValueHasNoEnd_endsTheCall_insteadOfTheMemory(String begin) {
    handlers.put("/images/create", endless(begin, "1,".repeat(4096)));
    try (DaemonClient client = connect();
        JsonLines lines = client.stream("pulling", "POST", "/images/create", Map.of())) {
      assertThatThrownBy(() -> lines.forEach(() -> {}, line -> {}))
          .isInstanceOf(DockerDaemonException.class)
          .hasMessageContaining("bytes");
    }
  }

  @Test
  void stream_ofManyValues_isReadToItsEnd() {
    String line = "{\"status\":\"" + "x".repeat(1000) + "\"}\r\n";
    handlers.put("/images/create", text(line.repeat(5000)));
    List<Integer> read = new ArrayList<>();
    try (DaemonClient client = connect();
        JsonLines lines = client.stream("pulling", "POST", "/images/create", Map.of())) {
      lines.forEach(() -> {}, value -> read.add(1));
    }
    assertThat(read).hasSize(5000);
  }

  @Test
  void answer_withoutAnEnd_endsTheCall() {
    handlers.put("/containers/json", endless("[", "{\"Id\":\"1\"},".repeat(1000)));
    try (DaemonClient client = connect(Duration.ofSeconds(100))) {
      assertThatThrownBy(() -> client.list(Map.of()))
          .isInstanceOf(DockerDaemonException.class)
          .hasMessageContaining("bytes");
    }
  }

  @Test
  void answer_thatPromisesMoreThanThereIs_endsTheCallInTime() {
    handlers.put(
        "/containers/json",
        exchange -> {
          exchange.sendResponseHeaders(200, Long.MAX_VALUE);
          exchange.getResponseBody().write('[');
          exchange.getResponseBody().flush();
          pause();
        });
    try (DaemonClient client = connect()) {
      assertThatThrownBy(() -> client.list(Map.of()))
          .isInstanceOf(DockerDaemonException.class)
          .satisfies(
              e ->
                  assertThat(((DockerDaemonException) e).problem())
                      .isEqualTo(DockerProblem.NO_ANSWER));
    }
  }

  @Test
  void redirect_isNotFollowed_andNoCredentialsGoAnywhere() throws IOException {
    List<String> elsewhere = new CopyOnWriteArrayList<>();
    HttpServer other =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    other.createContext(
        "/",
        exchange -> {
          elsewhere.add(exchange.getRequestURI() + " " + exchange.getRequestHeaders().entrySet());
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    other.start();
    try {
      for (int code : List.of(301, 302, 303, 307, 308)) {
        Handler redirect =
            exchange -> {
              exchange
                  .getResponseHeaders()
                  .set(
                      "Location",
                      "http://127.0.0.1:"
                          + other.getAddress().getPort()
                          + exchange.getRequestURI());
              exchange.sendResponseHeaders(code, -1);
            };
        handlers.put("/images/create", redirect);
        handlers.put("/containers/json", redirect);
        try (DaemonClient client = connect();
            JsonLines lines =
                client.stream(
                    "pulling", "POST", "/images/create", Map.of("X-Registry-Auth", "secret"))) {
          assertThatThrownBy(() -> lines.forEach(() -> {}, line -> {}))
              .as("%d", code)
              .isInstanceOf(DockerDaemonException.class);
          assertThatThrownBy(() -> client.list(Map.of())).isInstanceOf(RuntimeException.class);
        }
      }
      assertThat(elsewhere).isEmpty();
    } finally {
      other.stop(0);
    }
  }

  @Test
  void layers_ofAnyNumberAndSize_areSummedUpWithinBounds() {
    List<StartProgress> told = new ArrayList<>();
    PullProgress progress = new PullProgress("pulling", "image", told::add);
    for (int i = 0; i < 100_000; i++) {
      progress.accept(layer("layer" + i, -5, Long.MAX_VALUE));
    }
    progress.accept(layer("layer1", Long.MAX_VALUE, 3));
    progress.accept(status("Status: " + "x".repeat(100_000)));

    assertThat(told.get(told.size() - 1).detail()).hasSizeLessThan(300);
    assertThat(told)
        .allSatisfy(
            p -> {
              assertThat(p.total()).isNotNegative();
              assertThat(p.current()).isBetween(0L, p.total());
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"80@evil.example", "80/x", "0", "-1", "", "123456", " 80", "8o"})
  void port_thatIsNone_isNoEndpoint(String port) throws Exception {
    String inspected =
        "{\"Id\":\"a\",\"State\":{},\"NetworkSettings\":{\"Ports\":{\"8080/tcp\":"
            + "[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"%s\"}]}}}".formatted(port);
    handlers.put("/containers/a/json", text(inspected));
    try (DaemonClient client = connect()) {
      assertThat(new ContainerState(client.inspect("a")).endpoint(8080, "127.0.0.1")).isNull();
    }
  }

  @Test
  void address_thatIsNone_isNotCalledDirectly() {
    for (String address : List.of("evil.example", "127.0.0.1@evil", "1.2.3.4/x", "::1")) {
      handlers.put(
          "/containers/a/json",
          text(
              ("{\"Id\":\"a\",\"State\":{},\"NetworkSettings\":{\"Networks\":{\"bridge\":"
                      + "{\"IPAddress\":\"%s\",\"Gateway\":\"127.0.0.1\"}}}}")
                  .formatted(address)));
      try (DaemonClient client = connect()) {
        assertThat(new ContainerState(client.inspect("a")).direct(8080)).as(address).isNull();
      }
    }
  }

  @Test
  void version_thatIsNoNumber_isNoReasonToFail() {
    handlers.put(
        "/version",
        text(
            "{\"Version\":\"1\",\"ApiVersion\":\"1.51\",\"Components\":[{\"Name\":\"Podman"
                + " Engine\",\"Version\":\"99999999999999.1\"}]}"));
    handlers.put("/events", text(""));
    handlers.put("/containers/json", text("[]"));
    DeploymentSpec spec =
        DeploymentSpec.builder("a").image("b").port(8080).gpu(GpuRequest.count(1)).build();
    try (DockerInstanceProvider provider =
        DockerInstanceProvider.builder().dockerHost(uri()).build()) {
      assertThatThrownBy(() -> provider.validate(spec))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("Podman");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MAX_VALUE, Integer.MAX_VALUE - 7, -1, Integer.MIN_VALUE})
  void logFrame_ofAnyLength_isReadToTheEndOfTheText(int length) throws IOException {
    byte[] frame =
        ByteBuffer.allocate(11)
            .putInt(1 << 24)
            .putInt(length)
            .put("abc".getBytes(StandardCharsets.UTF_8))
            .array();
    assertThat(LogFrames.lines(new ByteArrayInputStream(frame), 10)).containsExactly("abc");
    assertThat(LogFrames.lines(new ByteArrayInputStream(Arrays.copyOf(frame, 8)), 10)).isEmpty();
  }

  private URI uri() {
    return URI.create("tcp://127.0.0.1:" + server.getAddress().getPort());
  }

  private DaemonClient connect() {
    return connect(CALL_TIMEOUT);
  }

  private DaemonClient connect(Duration callTimeout) {
    return DaemonClient.connect(DaemonAddress.of(uri(), null), callTimeout);
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath().replaceFirst("^/v[0-9.]+", "");
      handlers.getOrDefault(path, e -> e.sendResponseHeaders(404, -1)).answer(exchange);
    }
  }

  private static Handler text(String body) {
    return exchange -> {
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(200, bytes.length == 0 ? -1 : bytes.length);
      exchange.getResponseBody().write(bytes);
    };
  }

  private static Handler endless(String begin, String more) {
    return exchange -> {
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(200, 0);
      OutputStream out = exchange.getResponseBody();
      out.write(begin.getBytes(StandardCharsets.UTF_8));
      byte[] rest = (begin.isBlank() ? begin.repeat(8192) : more).getBytes(StandardCharsets.UTF_8);
      while (!Thread.currentThread().isInterrupted()) {
        out.write(rest);
      }
    };
  }

  private static void pause() {
    try {
      Thread.sleep(60_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static ObjectNode layer(String id, long current, long total) {
    ObjectNode line = status("Downloading").put("id", id);
    line.putObject("progressDetail").put("current", current).put("total", total);
    return line;
  }

  private static ObjectNode status(String status) {
    return DaemonClient.JSON.createObjectNode().put("status", status);
  }
}
