package dev.autodeploy.docker;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceObserver;
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
import java.util.function.UnaryOperator;

/** A provider on the real daemon, whose owner is nobody else's and leaves nothing behind. */
final class ProviderFixture implements AutoCloseable {
  static final String SERVE = "exec httpd -f -p 8080 -h /www";
  private static final HttpClient HTTP =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1) // uvicorn answers offers of HTTP/2 with an error
          .connectTimeout(Duration.ofSeconds(5))
          .build();

  final String owner;
  final DockerInstanceProvider provider;
  final Map<String, InstanceExit> exits = new ConcurrentHashMap<>();
  final List<StartProgress> progress = new CopyOnWriteArrayList<>();

  private ProviderFixture(String owner, DockerInstanceProvider provider) {
    this.owner = owner;
    this.provider = provider;
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

  static ProviderFixture open() {
    return open(builder -> builder);
  }

  static ProviderFixture open(UnaryOperator<DockerInstanceProvider.Builder> settings) {
    return open("t" + UUID.randomUUID().toString().substring(0, 8), settings);
  }

  static ProviderFixture open(
      String owner, UnaryOperator<DockerInstanceProvider.Builder> settings) {
    TestDaemon.require();
    return new ProviderFixture(owner, settings.apply(DockerInstanceProvider.builder()).build());
  }

  /** Opens a provider that somebody else made and closes. */
  static ProviderFixture of(String owner, DockerInstanceProvider provider) {
    return new ProviderFixture(owner, provider);
  }

  static DeploymentSpec.Builder web() {
    return DeploymentSpec.builder("web").image(TestDaemon.WEB).port(8080).startCommand(SERVE);
  }

  StartRequest request(DeploymentSpec spec) {
    return request(spec, 0);
  }

  StartRequest request(DeploymentSpec spec, int slot) {
    String id = spec.name() + "-" + UUID.randomUUID().toString().substring(0, 8);
    return StartRequest.builder(owner, id, spec).slot(slot).fingerprint("f1").build();
  }

  ProviderInstance start(DeploymentSpec spec) {
    return start(request(spec));
  }

  ProviderInstance start(StartRequest request) {
    return provider.start(request).toCompletableFuture().join();
  }

  void release(ProviderInstance instance) {
    provider.release(instance.instanceId(), Duration.ofSeconds(5)).toCompletableFuture().join();
  }

  /** Releases one that would not heed its stop signal, as a server that is process 1. */
  void end(ProviderInstance instance) {
    provider.release(instance.instanceId(), Duration.ZERO).toCompletableFuture().join();
  }

  ProviderInstance ready(DeploymentSpec spec) {
    ProviderInstance instance = start(spec);
    awaitReady(instance, spec);
    return instance;
  }

  void awaitReady(ProviderInstance instance, DeploymentSpec spec) {
    await(
        Duration.ofSeconds(20),
        () -> {
          try {
            return provider.isReady(instance, spec.readiness());
          } catch (IOException e) {
            return false;
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        });
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
    int left = TestDaemon.removeAll(owner);
    if (left > 0) {
      throw new AssertionError(left + " containers were left of owner " + owner);
    }
  }
}
