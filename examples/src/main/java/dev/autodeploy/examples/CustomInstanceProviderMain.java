package dev.autodeploy.examples;

import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/** An instance provider of one's own: its instances are HTTP servers inside this very process. */
public final class CustomInstanceProviderMain {
  private CustomInstanceProviderMain() {}

  /** Four methods are all it takes; they may block, for they are called on threads for that. */
  static final class InThisProcess implements InstanceProvider {
    private final Map<String, HttpServer> servers = new ConcurrentHashMap<>();
    private final Map<String, ProviderInstance> instances = new ConcurrentHashMap<>();

    @Override
    public CompletionStage<ProviderInstance> start(StartRequest request) {
      try {
        HttpServer server =
            HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.start();
        URI endpoint = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
        ProviderInstance instance = ProviderInstance.of(request, endpoint, Instant.now());
        servers.put(request.instanceId(), server);
        instances.put(request.instanceId(), instance);
        return CompletableFuture.completedFuture(instance);
      } catch (IOException e) {
        throw new InstanceStartException("no port is free: " + e.getMessage(), null, e);
      }
    }

    @Override
    public CompletionStage<Void> release(String instanceId, Duration grace) {
      HttpServer server = servers.remove(instanceId);
      if (server != null) {
        server.stop(0);
      }
      instances.remove(instanceId);
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<List<ProviderInstance>> list(String owner) {
      return CompletableFuture.completedFuture(List.copyOf(instances.values()));
    }

    @Override
    public CompletionStage<List<String>> logs(String instanceId, int lines) {
      return CompletableFuture.completedFuture(List.of());
    }
  }

  /**
   * Runs the example.
   *
   * @param arguments none
   * @throws InterruptedException if interrupted
   */
  public static void main(String[] arguments) throws InterruptedException {
    try (AutoDeploy autoDeploy = AutoDeploy.builder().provider(new InThisProcess()).build()) {
      Deployment hello = autoDeploy.deploy(DeploymentSpec.builder("hello").port(0).build());
      try (Lease lease = hello.acquire(Duration.ofMinutes(1))) {
        System.out.println(lease.instanceId() + " answers at " + lease.endpoint());
      }
    }
    System.out.println("closed, and nothing is left");
  }
}
