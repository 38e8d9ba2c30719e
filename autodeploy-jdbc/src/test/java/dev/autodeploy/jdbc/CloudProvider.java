package dev.autodeploy.jdbc;

import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Instances in a {@link Cloud}, which do not end with the process that started them. */
final class CloudProvider implements InstanceProvider {
  private final URI cloud;
  private final Supplier<List<String>> log;
  private final HttpClient client = HttpClient.newHttpClient();

  CloudProvider(URI cloud) {
    this(cloud, List::of);
  }

  /** Makes one whose instances have said something. */
  CloudProvider(URI cloud, Supplier<List<String>> log) {
    this.cloud = cloud;
    this.log = log;
  }

  @Override
  public CompletionStage<ProviderInstance> start(StartRequest request) {
    String line =
        call(
            "/start?id="
                + request.instanceId()
                + "&deployment="
                + request.deployment()
                + "&slot="
                + request.slot()
                + "&fingerprint="
                + request.fingerprint());
    return CompletableFuture.completedFuture(instance(line));
  }

  @Override
  public CompletionStage<Void> release(String instanceId, Duration grace) {
    call("/release?id=" + instanceId);
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletionStage<List<ProviderInstance>> list(String owner) {
    return CompletableFuture.completedFuture(
        call("/list").lines().map(CloudProvider::instance).toList());
  }

  @Override
  public CompletionStage<List<String>> logs(String instanceId, int lines) {
    return CompletableFuture.completedFuture(log.get());
  }

  private String call(String path) {
    try {
      HttpRequest request = HttpRequest.newBuilder(cloud.resolve(path)).build();
      return client.send(request, HttpResponse.BodyHandlers.ofString()).body();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ProviderInstance instance(String line) {
    String[] parts = line.split("\t", -1);
    return ProviderInstance.builder(parts[0], parts[1], Instant.parse(parts[5]))
        .slot(Integer.parseInt(parts[2]))
        .fingerprint(parts[3])
        .endpoint(URI.create(parts[4]))
        .build();
  }
}
