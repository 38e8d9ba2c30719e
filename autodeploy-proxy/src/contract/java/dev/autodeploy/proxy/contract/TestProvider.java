package dev.autodeploy.proxy.contract;

import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartProgress;
import dev.autodeploy.spi.StartRequest;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** Starts instances in this JVM, when the test lets it. */
public final class TestProvider implements InstanceProvider {
  public final List<StartRequest> starts = new CopyOnWriteArrayList<>();
  public final Map<String, TestInstance> instances = new ConcurrentHashMap<>();
  public volatile TestInstance.App app;
  public volatile CompletableFuture<Void> gate = CompletableFuture.completedFuture(null);
  private volatile ProviderContext context;

  public TestProvider(TestInstance.App app) {
    this.app = app;
  }

  @Override
  public void open(ProviderContext context) {
    this.context = context;
  }

  @Override
  public CompletionStage<ProviderInstance> start(StartRequest request) {
    starts.add(request);
    return gate.thenApply(
        open -> {
          try {
            TestInstance instance = new TestInstance((asked, out) -> app.respond(asked, out));
            instances.put(request.instanceId(), instance);
            return ProviderInstance.of(request, instance.endpoint(), Instant.now());
          } catch (IOException e) {
            throw new InstanceStartException("no port", null, e);
          }
        });
  }

  /** The only instance there is. */
  public TestInstance instance() {
    if (instances.size() != 1) {
      throw new AssertionError("there are " + instances.size() + " instances");
    }
    return instances.values().iterator().next();
  }

  /** Tells how far the start of an instance is. */
  public void progress(String instanceId, StartProgress progress) {
    context.observer().progress(instanceId, progress);
  }

  /** Tells that the next start of a deployment lacks something; null if it no longer does. */
  public void degrade(String deployment, @Nullable String reason) {
    context.observer().degraded(deployment, reason);
  }

  /** Ends an instance as if it had crashed. */
  public void crash(String instanceId, int exitCode) throws IOException {
    instances.get(instanceId).close();
    exit(instanceId, exitCode);
  }

  /** Tells that an instance has ended. */
  public void exit(String instanceId, int exitCode) {
    context
        .observer()
        .exited(
            instanceId, new InstanceExit(exitCode, false, List.of("boom"), null, Instant.now()));
  }

  @Override
  public CompletionStage<Void> release(String instanceId, Duration grace) {
    TestInstance instance = instances.remove(instanceId);
    if (instance != null) {
      try {
        instance.close();
      } catch (IOException e) {
        return CompletableFuture.failedFuture(e);
      }
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
}
