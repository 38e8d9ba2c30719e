package dev.autodeploy.console;

import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.SnapshotRequest;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceObserver;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderCatalog;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.Snapshot;
import dev.autodeploy.spi.StartProgress;
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
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Instances that are HTTP servers of this JVM: they answer, write a log line each time, and end.
 */
final class InJvmProvider implements InstanceProvider {
  final AtomicInteger started = new AtomicInteger();
  final Map<String, List<String>> lines = new ConcurrentHashMap<>();
  final List<Snapshot> snapshots = new CopyOnWriteArrayList<>();
  final Map<String, InstanceExit> failing = new ConcurrentHashMap<>();
  volatile Duration startTime = Duration.ZERO;

  /** True if the time before an instance is up is that of a pull, which costs nothing. */
  volatile boolean pulls;

  /** The time that an instance takes once its image is there. */
  volatile Duration bootTime = Duration.ZERO;

  /** The time that fetching ahead takes; zero if everything is there. */
  volatile Duration fetchTime = Duration.ZERO;

  volatile Duration releaseTime = Duration.ZERO;
  volatile Duration answerTime = Duration.ZERO;
  final AtomicInteger logsAsked = new AtomicInteger();

  /** The moment at which logs are told. */
  volatile CompletableFuture<Boolean> logsCome = CompletableFuture.completedFuture(true);

  /** The moment at which images, snapshots and GPUs are told. */
  volatile CompletableFuture<Boolean> catalogComes = CompletableFuture.completedFuture(true);

  volatile List<String> firstLines = List.of("Loading the model");

  private final Map<String, HttpServer> servers = new ConcurrentHashMap<>();
  private final Set<String> released = ConcurrentHashMap.newKeySet();
  private final ExecutorService executor = Executors.newCachedThreadPool();
  private volatile InstanceObserver observer;

  @Override
  public String name() {
    return "in-jvm";
  }

  @Override
  public void open(ProviderContext context) {
    observer = context.observer();
  }

  @Override
  public void validate(DeploymentSpec spec) {
    if ("forbidden".equals(spec.image())) {
      throw new IllegalArgumentException("image 'forbidden' cannot run here; choose another");
    }
  }

  @Override
  public CompletionStage<ProviderInstance> start(StartRequest request) {
    started.incrementAndGet();
    List<String> log = new CopyOnWriteArrayList<>(firstLines);
    lines.put(request.instanceId(), log);
    if ("exit 3".equals(request.spec().startCommand())) {
      throw new InstanceStartException(
          "the start command failed: <b>exit 3</b> with " + request.spec().environment(),
          null,
          null);
    }
    InstanceExit exit = failing.get(request.deployment());
    if (exit != null) {
      throw new InstanceStartException(
          "the service " + exit.describe() + " before it was ready; see its last lines",
          exit,
          null);
    }
    int steps = 10;
    for (int i = 0; i < steps && !startTime.isZero(); i++) {
      observer.progress(request.instanceId(), pulling(i * 600_000L, steps * 600_000L));
      pause(request.instanceId(), startTime.dividedBy(steps));
    }
    if (!bootTime.isZero()) {
      observer.progress(request.instanceId(), new StartProgress("starting", "app:1", 0, 0));
      pause(bootTime);
    }
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setExecutor(executor);
      server.createContext(
          "/",
          exchange -> {
            log.add("Request for " + exchange.getRequestURI());
            pause(answerTime);
            byte[] body = ("spoken by " + request.instanceId()).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
          });
      server.start();
      servers.put(request.instanceId(), server);
      log.add("Ready");
      URI endpoint = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
      return CompletableFuture.completedFuture(
          ProviderInstance.of(request, endpoint, Instant.now()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public CompletionStage<Boolean> prepare(DeploymentSpec spec, Consumer<StartProgress> progress) {
    CompletableFuture<Boolean> fetched = new CompletableFuture<>();
    executor.execute(
        () -> {
          int steps = 20;
          for (int i = 0; i < steps && !fetched.isDone(); i++) {
            progress.accept(pulling(true, i * 300_000L, steps * 300_000L));
            pause(fetchTime.dividedBy(steps));
          }
          fetched.complete(!fetchTime.isZero());
        });
    return fetched;
  }

  /** Tells that the next start of a deployment lacks something; null if it no longer does. */
  void degrade(String deployment, @Nullable String reason) {
    observer.degraded(deployment, reason);
  }

  private StartProgress pulling(long current, long total) {
    return pulling(pulls, current, total);
  }

  private static StartProgress pulling(boolean preparing, long current, long total) {
    return new StartProgress(
        "pulling",
        "registry.test/app:1",
        current,
        total,
        preparing ? StartProgress.Phase.PREPARING : StartProgress.Phase.STARTING,
        List.of(
            new StartProgress.Part("9fb3aa2f8b80", StartProgress.PartState.DONE, 900_000, 900_000),
            new StartProgress.Part(
                "1d3f5a7c9e0b", StartProgress.PartState.DOWNLOADING, current, total),
            new StartProgress.Part("77ab5e3d0c12", StartProgress.PartState.WAITING, 0, 0)));
  }

  /** Pauses in a start, unless that is given up. */
  private void pause(String instanceId, Duration time) {
    long end = System.nanoTime() + time.toNanos();
    for (long left = time.toNanos(); left > 0; left = end - System.nanoTime()) {
      if (released.contains(instanceId)) {
        throw new InstanceStartException("the start was given up", null, null);
      }
      pause(Duration.ofNanos(Math.min(left, 100_000_000)));
    }
  }

  @Override
  public CompletionStage<Void> release(String instanceId, Duration grace) {
    released.add(instanceId);
    HttpServer server = servers.remove(instanceId);
    if (server != null) {
      pause(releaseTime);
      server.stop(0);
    }
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletionStage<List<ProviderInstance>> list(String owner) {
    return CompletableFuture.completedFuture(List.of());
  }

  @Override
  public CompletionStage<List<String>> logs(String instanceId, int count) {
    List<String> all = List.copyOf(lines.getOrDefault(instanceId, List.of()));
    logsAsked.incrementAndGet();
    return logsCome.thenApply(now -> all.subList(Math.max(0, all.size() - count), all.size()));
  }

  @Override
  public CompletionStage<Snapshot> snapshot(String instanceId, SnapshotRequest request) {
    List<String> leftOut = request.includesVolumes() ? List.of() : List.of("/cache");
    Snapshot snapshot = new Snapshot(request.name(), "voice", Instant.now(), 1_234_567, leftOut);
    snapshots.add(snapshot);
    return CompletableFuture.completedFuture(snapshot);
  }

  @Override
  public CompletionStage<ProviderCatalog> catalog() {
    return catalogComes.thenApply(
        now ->
            new ProviderCatalog(
                List.of("breezyvoice:latest", "whisper:v3"),
                List.copyOf(snapshots),
                List.of(
                    new ProviderCatalog.Gpu("0", "NVIDIA GeForce RTX 4090", ""),
                    new ProviderCatalog.Gpu("1", "NVIDIA GeForce RTX 4090", ""))));
  }

  @Override
  public void close() {
    servers.values().forEach(server -> server.stop(0));
    executor.shutdownNow();
  }

  private static void pause(Duration time) {
    try {
      TimeUnit.NANOSECONDS.sleep(time.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
