package dev.autodeploy.internal.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.spi.HttpProbeBuilder;
import dev.autodeploy.spi.ProbeTarget;
import dev.autodeploy.spi.ReadinessProbe;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Probes as users need them: method, headers, expected text, timeout. */
class HttpCheckTest {
  private final List<String> seen = new CopyOnWriteArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private HttpServer server;
  private volatile long delayMillis;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          String token = exchange.getRequestHeaders().getFirst("Authorization");
          exchange.getRequestBody().readAllBytes(); // or the server may reset the connection
          seen.add(exchange.getRequestMethod() + " " + token);
          try {
            Thread.sleep(delayMillis);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          byte[] text = "{\"models\":[\"voice\"]}".getBytes(StandardCharsets.UTF_8);
          boolean head = exchange.getRequestMethod().equals("HEAD");
          exchange.sendResponseHeaders(
              "Bearer secret".equals(token) ? 200 : 401, head ? -1 : text.length);
          if (!head) {
            exchange.getResponseBody().write(text);
          }
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
    threads.shutdownNow();
  }

  @Test
  void header_comesFromTheEnvironment() throws Exception {
    ReadinessProbe probe = authorized().build();

    assertThat(Probes.variables(probe)).containsExactly("API_KEY");
    assertThat(Probes.with(probe, Map.of("API_KEY", "secret")).isReady(target())).isTrue();
    assertThatThrownBy(() -> probe.isReady(target())).hasMessage("GET /v1 answered 401");
    assertThat(Probes.with(ReadinessProbe.allOf(probe), Map.of("API_KEY", "secret")))
        .as("also within others")
        .matches(p -> Probes.variables(p).isEmpty());
  }

  @Test
  void requestOnAStaleConnection_isSentAgain() throws Exception {
    ReadinessProbe probe =
        Probes.with(authorized().method("PUT").build(), Map.of("API_KEY", "secret"));
    for (int i = 0; i < 300; i++) {
      assertThat(probe.isReady(target())).isTrue();
    }
  }

  @Test
  void method_isTheOneThatWasSet() throws Exception {
    for (String method : List.of("GET", "HEAD", "POST", "PUT", "OPTIONS")) {
      ReadinessProbe probe = authorized().method(method).build();
      assertThat(Probes.with(probe, Map.of("API_KEY", "secret")).isReady(target())).isTrue();
    }
    assertThat(seen)
        .extracting(line -> line.split(" ", -1)[0])
        .containsExactly("GET", "HEAD", "POST", "PUT", "OPTIONS");
  }

  @Test
  void body_hasToContainTheText() throws Exception {
    Map<String, String> key = Map.of("API_KEY", "secret");
    assertThat(Probes.with(authorized().body("voice").build(), key).isReady(target())).isTrue();
    assertThatThrownBy(() -> Probes.with(authorized().body("llama").build(), key).isReady(target()))
        .hasMessage("GET /v1 answered 200 without 'llama'");
    assertThat(
            ReadinessProbe.httpRequest("/v1")
                .status(401, 401)
                .body("voice")
                .build()
                .isReady(target()))
        .as("also of an error page")
        .isTrue();
  }

  @Test
  void serverThatAnswersSlowlyWhileItLoads_isWaitedFor() throws Exception {
    delayMillis = 2500; // more than the two seconds that it was once
    assertThat(ReadinessProbe.http("/", 401).isReady(target())).isTrue();
  }

  @Test
  void timeout_isTheOneThatWasSet_andIsTold() {
    delayMillis = 5000;
    ReadinessProbe probe = authorized().timeout(Duration.ofMillis(200)).build();

    assertThatThrownBy(() -> probe.isReady(target()))
        .hasMessage("GET /v1 was not answered within 200 ms");
  }

  @Test
  void values_areChecked_whenTheyAreSet() {
    HttpProbeBuilder probe = ReadinessProbe.httpRequest("/v1");
    assertThatThrownBy(() -> probe.method("PATCH")).hasMessageContaining("GET, HEAD");
    assertThatThrownBy(() -> probe.header("Host", "a")).hasMessageContaining("cannot be set");
    assertThatThrownBy(() -> probe.header("A", "b\r\nC: d")).hasMessageContaining("one line");
    assertThatThrownBy(() -> probe.body("")).hasMessageContaining("1 to 1000");
    assertThatThrownBy(() -> probe.timeout(Duration.ZERO)).hasMessageContaining("1 ms to 600 s");
    assertThatThrownBy(() -> probe.status(300, 200)).hasMessageContaining("300 to 200");
    assertThatThrownBy(() -> ReadinessProbe.httpRequest("//host/")).hasMessageContaining("'/'");
  }

  @Test
  void text_ofAProbe_doesNotShowTheValuesOfItsHeaders() {
    ReadinessProbe probe = ReadinessProbe.httpRequest("/").header("X-Key", "hunter2").build();

    assertThat(probe.toString()).contains("X-Key").doesNotContain("hunter2");
  }

  private static HttpProbeBuilder authorized() {
    return ReadinessProbe.httpRequest("/v1").header("Authorization", "Bearer ${API_KEY}");
  }

  private ProbeTarget target() {
    return new ProbeTarget(
        URI.create("http://127.0.0.1:" + server.getAddress().getPort()),
        true,
        () -> CompletableFuture.completedFuture(List.of()));
  }
}
