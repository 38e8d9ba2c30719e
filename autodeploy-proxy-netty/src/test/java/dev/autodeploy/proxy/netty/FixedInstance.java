package dev.autodeploy.proxy.netty;

import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartRequest;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A provider whose instances are all the same server, which is there already. */
record FixedInstance(URI endpoint) implements InstanceProvider {
  @Override
  public void open(ProviderContext context) {}

  @Override
  public CompletionStage<ProviderInstance> start(StartRequest request) {
    return CompletableFuture.completedFuture(ProviderInstance.of(request, endpoint, Instant.now()));
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
