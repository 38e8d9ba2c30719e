package dev.autodeploy.kubernetes;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceObserver;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartProgress;
import dev.autodeploy.spi.StartRequest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** An open provider, whose owner is nobody else's. */
final class PodFixture implements AutoCloseable {
  private static final HttpClient HTTP =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

  final String owner;
  final KubernetesInstanceProvider provider;
  final Map<String, InstanceExit> exits = new ConcurrentHashMap<>();
  final List<StartProgress> progress = new CopyOnWriteArrayList<>();

  PodFixture(KubernetesInstanceProvider.Builder builder) {
    this("t" + UUID.randomUUID().toString().substring(0, 8), builder);
  }

  PodFixture(String owner, KubernetesInstanceProvider.Builder builder) {
    this.owner = owner;
    this.provider = builder.build();
    provider.open(
        new ProviderContext(
            owner,
            new InstanceObserver() {
              @Override
              public void exited(String instanceId, InstanceExit exit) {
                exits.put(instanceId, exit);
              }

              @Override
              public void progress(String instanceId, StartProgress step) {
                progress.add(step);
              }
            }));
  }

  StartRequest request(DeploymentSpec spec) {
    String id = spec.name() + "-" + UUID.randomUUID().toString().substring(0, 8);
    return StartRequest.builder(owner, id, spec).fingerprint("f1").build();
  }

  ProviderInstance start(DeploymentSpec spec) {
    return provider.start(request(spec)).toCompletableFuture().join();
  }

  /** Starts what cannot start, and returns the error. */
  InstanceStartException failure(DeploymentSpec spec) {
    InstanceStartException failure =
        catchThrowableOfType(InstanceStartException.class, () -> start(spec));
    if (failure == null) {
      throw new AssertionError("it has started");
    }
    return failure;
  }

  ProviderInstance ready(DeploymentSpec spec) {
    ProviderInstance instance = start(spec);
    await(
        Duration.ofSeconds(30),
        () -> {
          try {
            return provider.isReady(instance, spec.readiness());
          } catch (IOException e) {
            return false;
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        });
    return instance;
  }

  void release(ProviderInstance instance) {
    provider.release(instance.instanceId(), Duration.ofSeconds(5)).toCompletableFuture().join();
  }

  /** Waits for the end of an instance. */
  InstanceExit exit(ProviderInstance instance, Duration timeout) {
    await(timeout, () -> exits.containsKey(instance.instanceId()));
    return exits.get(instance.instanceId());
  }

  List<ProviderInstance> list() {
    return provider.list(owner).toCompletableFuture().join();
  }

  static String get(URI uri) throws Exception {
    return HTTP.send(
            HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  static void await(Duration timeout, BooleanSupplier condition) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not within " + timeout);
      }
      try {
        TimeUnit.MILLISECONDS.sleep(10);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  @Override
  public void close() {
    provider.close();
  }
}
