package dev.autodeploy.internal.runtime;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.SleepMode;
import dev.autodeploy.SnapshotRequest;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.ProviderCatalog;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.ResourceKeeper;
import dev.autodeploy.spi.Snapshot;
import dev.autodeploy.spi.StartProgress;
import dev.autodeploy.spi.StartRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The engine's provider, to which no call gets through once it is closed: tasks that were queued
 * before, such as a list for the maintenance or a late start, would else reach a provider that
 * nobody looks after any longer. Thread-safe.
 *
 * <p>With replicas instances bear the epoch of the leader that has started them. What bears a later
 * one is the next leader's: an engine that has not heard of that yet does not see it, and so
 * neither adopts nor releases it.
 */
public final class ProviderGate implements InstanceProvider, ResourceKeeper {
  private static final long CLOSED = 1L << 32;

  private final InstanceProvider provider;

  /** The number of calls that are being handed over, and {@link #CLOSED}. */
  private final AtomicLong state = new AtomicLong();

  private final CompletableFuture<Void> left = new CompletableFuture<>();

  /** The orders to release that have no answer yet. */
  private final Map<Object, CompletableFuture<Void>> releases = new ConcurrentHashMap<>();

  private final BooleanSupplier mayAct;
  private final long epoch;
  private volatile boolean onlyDetaches;

  public ProviderGate(InstanceProvider provider) {
    this(provider, () -> true, 0);
  }

  /**
   * Makes it for an engine in whose place another one may come.
   *
   * @param mayAct asked before each call that could change anything: false once another replica may
   *     lead, or another engine has taken over the state
   * @param epoch the epoch in which the engine leads; 0 without replicas
   */
  public ProviderGate(InstanceProvider provider, BooleanSupplier mayAct, long epoch) {
    this.provider = provider;
    this.mayAct = mayAct;
    this.epoch = epoch;
  }

  /** Lets only calls through that leave instances to another engine. */
  public void onlyDetaches() {
    onlyDetaches = true;
  }

  /** Returns the stage in which each order to release that is through has been answered. */
  public CompletableFuture<Void> releasesAnswered() {
    return CompletableFuture.allOf(releases.values().toArray(CompletableFuture<?>[]::new));
  }

  /** Returns whether the engine may still act, as far as other engines are concerned. */
  public boolean mayAct() {
    return mayAct.getAsBoolean();
  }

  private boolean isShut() {
    return (state.get() & CLOSED) != 0 || onlyDetaches || !mayAct.getAsBoolean();
  }

  /** Lets no further call through; completes when those that are through have returned. */
  public CompletableFuture<Void> end() {
    if (state.getAndUpdate(now -> now | CLOSED) == 0) {
      left.complete(null);
    }
    return left;
  }

  @Override
  public CompletionStage<ProviderInstance> start(StartRequest request) {
    return call(
        () -> provider.start(epoch == 0 ? request : request.toBuilder().epoch(epoch).build()));
  }

  @Override
  public CompletionStage<Void> release(String instanceId, Duration grace) {
    Object order = new Object();
    CompletableFuture<Void> answered = new CompletableFuture<>();
    releases.put(
        order, answered); // before the gate is asked: it is refused, or known to who shuts it
    return ProviderCalls.callOnThisThread(() -> call(() -> provider.release(instanceId, grace)))
        .whenComplete(
            (gone, error) -> {
              releases.remove(order);
              answered.complete(null);
            });
  }

  @Override
  public CompletionStage<List<ProviderInstance>> list(String owner) {
    return epoch == 0
        ? call(() -> provider.list(owner))
        : call(() -> provider.list(owner).thenApply(this::own));
  }

  private List<ProviderInstance> own(List<ProviderInstance> listed) {
    return listed.stream().filter(it -> it.epoch() <= epoch).toList();
  }

  @Override
  public CompletionStage<List<String>> logs(String instanceId, int lines) {
    return call(() -> provider.logs(instanceId, lines));
  }

  @Override
  public CompletionStage<Optional<String>> check(ProviderInstance instance) {
    return call(() -> provider.check(instance));
  }

  @Override
  public CompletionStage<Void> detach(String instanceId) {
    return passed(() -> provider.detach(instanceId));
  }

  @Override
  public CompletionStage<Boolean> prepare(DeploymentSpec spec, Consumer<StartProgress> progress) {
    return call(() -> provider.prepare(spec, progress));
  }

  /** Asks the provider to look after resources, if it does. */
  @Override
  public CompletionStage<Void> keep(Collection<DeploymentSpec> deployments, boolean lasting) {
    return provider instanceof ResourceKeeper keeper
        ? call(() -> keeper.keep(deployments, lasting))
        : CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletionStage<Snapshot> snapshot(String instanceId, SnapshotRequest request) {
    return call(() -> provider.snapshot(instanceId, request));
  }

  @Override
  public CompletionStage<Void> deleteSnapshot(String reference) {
    return call(() -> provider.deleteSnapshot(reference));
  }

  @Override
  public CompletionStage<ProviderCatalog> catalog() {
    return call(provider::catalog);
  }

  @Override
  public ProviderCapacity capacity() {
    return isShut() ? ProviderCapacity.unknown() : provider.capacity();
  }

  @Override
  public String name() {
    return provider.name();
  }

  @Override
  public void open(ProviderContext context) {
    provider.open(context);
  }

  @Override
  public void validate(DeploymentSpec spec) {
    provider.validate(spec);
  }

  /** Asks the probe; that may take long, and {@link #end} does not wait for it. */
  @Override
  public boolean isReady(ProviderInstance instance, ReadinessProbe probe)
      throws IOException, InterruptedException {
    return !isShut() && provider.isReady(instance, probe);
  }

  @Override
  public boolean sharesGpusOfSleepers() {
    return provider.sharesGpusOfSleepers();
  }

  @Override
  public void sleeps(String instanceId, long keptBytes) {
    provider.sleeps(instanceId, keptBytes);
  }

  @Override
  public void wakes(String instanceId) {
    provider.wakes(instanceId);
  }

  /** Sends the request; that may take long, and {@link #end} does not wait for it either. */
  @Override
  public CompletionStage<String> call(ProviderInstance instance, SleepMode.Request request) {
    return isShut() ? refused() : provider.call(instance, request);
  }

  @Override
  public void close() {
    end();
    provider.close();
  }

  private <T> CompletionStage<T> call(Supplier<CompletionStage<T>> call) {
    return isShut() ? refused() : passed(call);
  }

  private static <T> CompletionStage<T> refused() {
    return CompletableFuture.failedFuture(
        new AutoDeployException(ErrorCode.CLOSED, null, "the engine is closed"));
  }

  private <T> CompletionStage<T> passed(Supplier<CompletionStage<T>> call) {
    if ((state.incrementAndGet() & CLOSED) != 0) {
      leave();
      return refused();
    }
    try {
      return call.get();
    } finally {
      leave();
    }
  }

  private void leave() {
    if (state.decrementAndGet() == CLOSED) {
      left.complete(null);
    }
  }
}
