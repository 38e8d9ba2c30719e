package dev.autodeploy.benchmarks.server;

import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartRequest;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Starts nothing: every instance is the one server that runs anyway, once the gate is open. */
public final class GatedProvider implements InstanceProvider {
  private final URI endpoint;
  private volatile CompletableFuture<Void> gate = CompletableFuture.completedFuture(null);

  /**
   * Creates a provider whose gate is open.
   *
   * @param endpoint where instances answer
   */
  public GatedProvider(URI endpoint) {
    this.endpoint = endpoint;
  }

  /** Lets starts wait from now on. */
  void shut() {
    gate = new CompletableFuture<>();
  }

  /** Lets the starts that wait go on, and those to come. */
  void open() {
    gate.complete(null);
  }

  @Override
  public CompletionStage<ProviderInstance> start(StartRequest request) {
    return gate.thenApply(open -> ProviderInstance.of(request, endpoint, Instant.now()));
  }

  @Override
  public CompletionStage<Void> release(String instanceId, Duration grace) {
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
}
