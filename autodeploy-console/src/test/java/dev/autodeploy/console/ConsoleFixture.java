package dev.autodeploy.console;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.Lease;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.StateStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;

/** An engine, its console on a real socket, a link in front of it, and a client. */
final class ConsoleFixture implements AutoCloseable {
  final InJvmProvider provider = new InJvmProvider();
  final AutoDeploy autoDeploy;
  final Console console;
  final ConsoleServer server;
  final HttpServer links;
  final HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
  private final ExecutorService executor = Executors.newCachedThreadPool();

  ConsoleFixture() throws IOException {
    this(builder -> builder.actions(true));
  }

  ConsoleFixture(UnaryOperator<Console.Builder> settings) throws IOException {
    this(settings, StateStore.inMemory());
  }

  ConsoleFixture(UnaryOperator<Console.Builder> settings, StateStore store) throws IOException {
    autoDeploy =
        AutoDeploy.builder()
            .provider(provider)
            .stateStore(store)
            .costMeter(CostMeter.perHour("36", "USD"))
            .releaseOnShutdown(false)
            .drainTimeout(Duration.ZERO)
            .build();
    links = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    links.setExecutor(executor);
    links.createContext(
        "/d/",
        exchange -> {
          String[] path = exchange.getRequestURI().getPath().split("/", 4);
          try (Lease lease = autoDeploy.deployment(path[2]).acquire(Duration.ofSeconds(30))) {
            URI target = lease.endpoint().resolve("/" + (path.length > 3 ? path[3] : ""));
            byte[] body =
                client
                    .send(HttpRequest.newBuilder(target).build(), BodyHandlers.ofByteArray())
                    .body();
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } catch (RuntimeException e) {
            exchange.sendResponseHeaders(503, -1);
          } finally {
            exchange.close();
          }
        });
    links.start();
    console = settings.apply(Console.builder(autoDeploy).linkOf(this::link)).build();
    server = console.start(0);
  }

  URI link(Deployment deployment) {
    return URI.create(
        "http://localhost:" + links.getAddress().getPort() + "/d/" + deployment.name());
  }

  URI at(String path) {
    return server.uri().resolve(path);
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(at(path)));
  }

  JsonNode json(String path) throws IOException, InterruptedException {
    return ConsoleJson.parse(get(path).body());
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return client.send(
        request.timeout(Duration.ofSeconds(20)).build(),
        BodyHandlers.ofString(StandardCharsets.UTF_8));
  }

  String token() throws IOException, InterruptedException {
    return json("-/api/session").path("token").asText("");
  }

  HttpResponse<String> change(String method, String path, String body)
      throws IOException, InterruptedException {
    return send(
        HttpRequest.newBuilder(at(path))
            .header("Content-Type", "application/json")
            .header(RequestGuard.TOKEN_HEADER, token())
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body)));
  }

  @Override
  public void close() {
    server.close();
    console.close();
    links.stop(0);
    executor.shutdownNow();
    autoDeploy.close();
  }
}
