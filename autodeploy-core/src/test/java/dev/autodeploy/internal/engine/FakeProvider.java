package dev.autodeploy.internal.engine;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.SleepMode;
import dev.autodeploy.SnapshotRequest;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceObserver;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.Snapshot;
import dev.autodeploy.spi.StartProgress;
import dev.autodeploy.spi.StartRequest;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A provider whose instances exist in memory and are ready at once, unless a test says otherwise.
 * Its instances outlive the engines that use it. Thread-safe.
 */
final class FakeProvider implements InstanceProvider {
  final List<String> calls = new ArrayList<>();
  final List<StartRequest> requests = new ArrayList<>();
  final List<ReadinessProbe> probes = new CopyOnWriteArrayList<>();
  private final InstantSource clock;
  private final Map<String, ProviderInstance> instances = new LinkedHashMap<>();
  private final Set<String> released = new HashSet<>();
  private @Nullable InstanceObserver observer;

  /** The answer to a start instead; null for an instance at once. */
  @Nullable CompletableFuture<ProviderInstance> startAnswer;

  /** The answer to a release instead; null for success. */
  @Nullable CompletableFuture<Void> releaseAnswer;

  @Nullable CompletableFuture<Snapshot> snapshotAnswer;

  /** The lines that instances have written; null for a line with the instance's id. */
  @Nullable List<String> log;

  /** Happens in every release, on its thread. */
  Runnable onRelease = () -> {};

  /** Happens in every call that starts, lists, probes or reads a log, on its thread. */
  Consumer<String> onCall = call -> {};

  /** The answer to a preparation, and how its progress is told. */
  CompletableFuture<Boolean> prepareAnswer = CompletableFuture.completedFuture(false);

  Consumer<StartProgress> fetching = progress -> {};

  /** Happens in the next list, which leaves out all instances; null to list them. */
  @Nullable Runnable hidesAll;

  ProviderCapacity capacity = ProviderCapacity.unknown();

  /** The loss that a check finds; null for nothing. */
  @Nullable String lost;

  /** The answers to the requests of sleep modes, by path. */
  final Map<String, String> answers = new HashMap<>();

  /** The paths of the requests that instances do not answer. */
  final Set<String> unanswered = new HashSet<>();

  boolean sharesGpusOfSleepers;
  boolean releaseLies;
  boolean listFails;
  boolean ready = true;
  @Nullable Throwable probeError;
  int mostAtOnce;
  int lists;

  FakeProvider(InstantSource clock) {
    this.clock = clock;
  }

  @Override
  public void open(ProviderContext context) {
    observer = context.observer();
  }

  @Override
  public synchronized CompletionStage<ProviderInstance> start(StartRequest request) {
    calls.add("start " + request.instanceId());
    requests.add(request);
    onCall.accept("start");
    if (startAnswer != null) {
      return startAnswer;
    }
    if (released.contains(request.instanceId())) {
      return CompletableFuture.failedFuture(
          new IllegalStateException("it was released before it was started"));
    }
    return CompletableFuture.completedFuture(put(request));
  }

  synchronized ProviderInstance put(StartRequest request) {
    return put(
        ProviderInstance.builder(request, clock.instant())
            .endpoint(URI.create("http://127.0.0.1:" + (40_000 + request.slot())))
            .build());
  }

  synchronized ProviderInstance put(ProviderInstance instance) {
    instances.put(instance.instanceId(), instance);
    mostAtOnce = Math.max(mostAtOnce, instances.size());
    return instance;
  }

  void progress(String instanceId, StartProgress progress) {
    requireNonNull(observer, "observer").progress(instanceId, progress);
  }

  /** The instance ends by itself; the engine is told unless that message gets lost. */
  void end(String instanceId, InstanceExit exit, boolean told) {
    synchronized (this) {
      ProviderInstance i = instances.get(instanceId);
      instances.put(instanceId, i.toBuilder().exit(exit).build());
    }
    if (told && observer != null) {
      observer.exited(instanceId, exit);
    }
  }

  @Override
  public CompletionStage<Optional<String>> check(ProviderInstance instance) {
    calls.add("check " + instance.instanceId());
    return CompletableFuture.completedFuture(Optional.ofNullable(lost));
  }

  @Override
  public synchronized CompletionStage<String> call(
      ProviderInstance instance, SleepMode.Request request) {
    calls.add("call " + request.path());
    if (unanswered.contains(request.path())) {
      return new CompletableFuture<>();
    }
    return CompletableFuture.completedFuture(answers.getOrDefault(request.path(), ""));
  }

  @Override
  public boolean sharesGpusOfSleepers() {
    return sharesGpusOfSleepers;
  }

  @Override
  public ProviderCapacity capacity() {
    return capacity;
  }

  @Override
  public CompletionStage<Boolean> prepare(DeploymentSpec spec, Consumer<StartProgress> progress) {
    calls.add("prepare " + spec.name());
    fetching = progress;
    return prepareAnswer;
  }

  @Override
  public synchronized CompletionStage<Void> release(String instanceId, Duration grace) {
    calls.add("release " + instanceId);
    onRelease.run();
    onCall.accept("release");
    if (releaseAnswer != null) {
      return releaseAnswer;
    }
    if (!releaseLies) {
      instances.remove(instanceId);
      released.add(instanceId);
    }
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public synchronized CompletionStage<List<ProviderInstance>> list(String owner) {
    lists++;
    onCall.accept("list");
    Runnable hides = hidesAll;
    if (hides != null) {
      hidesAll = null;
      hides.run();
      return CompletableFuture.completedFuture(List.of());
    }
    if (listFails) {
      return CompletableFuture.failedFuture(new IllegalStateException("no connection"));
    }
    return CompletableFuture.completedFuture(List.copyOf(instances.values()));
  }

  @Override
  public CompletionStage<List<String>> logs(String instanceId, int lines) {
    onCall.accept("logs");
    return CompletableFuture.completedFuture(log == null ? List.of("log of " + instanceId) : log);
  }

  @Override
  public boolean isReady(ProviderInstance instance, ReadinessProbe probe) {
    probes.add(probe);
    onCall.accept("probe");
    if (probeError != null) {
      FakeProvider.<RuntimeException>throwAny(probeError);
    }
    return ready;
  }

  @Override
  public synchronized CompletionStage<Void> detach(String instanceId) {
    calls.add("detach " + instanceId);
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public synchronized CompletionStage<Snapshot> snapshot(
      String instanceId, SnapshotRequest request) {
    calls.add("snapshot " + instanceId);
    return snapshotAnswer != null
        ? snapshotAnswer
        : CompletableFuture.completedFuture(
            new Snapshot("ref-" + request.name(), "voice", Instant.EPOCH, 0));
  }

  @Override
  public synchronized void close() {
    calls.add(Thread.currentThread().isInterrupted() ? "close, interrupted" : "close");
  }

  synchronized List<String> running() {
    return List.copyOf(instances.keySet());
  }

  synchronized long count(String call) {
    return calls.stream().filter(c -> c.startsWith(call)).count();
  }

  /** As code of another language may: it throws checked exceptions from anywhere. */
  @SuppressWarnings("unchecked")
  private static <T extends Throwable> void throwAny(Throwable error) throws T {
    throw (T) error;
  }
}
