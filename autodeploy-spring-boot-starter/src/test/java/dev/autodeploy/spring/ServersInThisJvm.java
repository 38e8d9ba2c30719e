package dev.autodeploy.spring;

import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Instances that tell under which prefix they were asked. */
final class ServersInThisJvm implements InstanceProvider {
  final AtomicInteger started = new AtomicInteger();

  /** The credentials in the last request. */
  volatile String credentials = "";

  private final Map<String, HttpServer> servers = new ConcurrentHashMap<>();

  @Override
  public String name() {
    return "in-this-jvm";
  }

  @Override
  public void open(ProviderContext context) {
    // Nothing tells about instances that end by themselves: none do.
  }

  @Override
  public CompletionStage<ProviderInstance> start(StartRequest request) {
    started.incrementAndGet();
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext(
          "/",
          exchange -> {
            exchange.getRequestBody().readAllBytes();
            credentials =
                exchange.getRequestHeaders().getFirst("Authorization")
                    + " "
                    + exchange.getRequestHeaders().getFirst("Cookie");
            String text = "at " + exchange.getRequestHeaders().getFirst("X-Forwarded-Prefix");
            byte[] body = text.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
          });
      server.start();
      servers.put(request.instanceId(), server);
      URI endpoint = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
      return CompletableFuture.completedFuture(
          ProviderInstance.of(request, endpoint, Instant.now()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public CompletionStage<Void> release(String instanceId, Duration grace) {
    HttpServer server = servers.remove(instanceId);
    if (server != null) {
      server.stop(0);
    }
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletionStage<List<ProviderInstance>> list(String owner) {
    return CompletableFuture.completedFuture(List.of());
  }

  @Override
  public CompletionStage<List<String>> logs(String instanceId, int lines) {
    return CompletableFuture.completedFuture(List.of());
  }

  @Override
  public void close() {
    servers.values().forEach(server -> server.stop(0));
  }
}
