package dev.autodeploy.internal.deployment;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.Cost;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.Lease;
import dev.autodeploy.Money;
import dev.autodeploy.Preparation;
import dev.autodeploy.RouteRule;
import dev.autodeploy.Schedule;
import dev.autodeploy.SnapshotRequest;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.replay.CostReplay;
import dev.autodeploy.replay.Traffic;
import dev.autodeploy.spi.Snapshot;
import dev.autodeploy.spi.StartProgress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** A deployment as its users see it, on top of its controller. */
final class DefaultDeployment implements Deployment {
  /** The time after which a snapshot that is not answered no longer keeps its instance. */
  private static final Duration SNAPSHOT_LIMIT = Duration.ofHours(1);

  private static final Duration VOLUMES_LIMIT = Duration.ofHours(6);

  private final EngineServices services;
  private final DeploymentController controller;
  private volatile @Nullable Preparations preparations; // made for the first one

  DefaultDeployment(EngineServices services, DeploymentController controller) {
    this.services = services;
    this.controller = controller;
  }

  @Override
  public String name() {
    return controller.name();
  }

  @Override
  public DeploymentSpec spec() {
    return controller.spec();
  }

  @Override
  public Instant createdAt() {
    return controller.createdAt();
  }

  @Override
  public CompletableFuture<Lease> acquireAsync() {
    return acquireAsync(AcquireRequest.within(AcquireRequest.DEFAULT_TIMEOUT));
  }

  @Override
  public CompletableFuture<Lease> acquireAsync(AcquireRequest request) {
    return controller.acquire(request);
  }

  @Override
  public Lease acquire(Duration timeout) throws InterruptedException {
    return acquire(timeout, RouteRule.defaultRule());
  }

  @Override
  public Lease acquire(Duration timeout, RouteRule route) throws InterruptedException {
    CompletableFuture<Lease> future = acquireAsync(new AcquireRequest(route, timeout));
    try {
      return future.get();
    } catch (InterruptedException e) {
      if (!future.cancel(false)) {
        // It was answered between the interrupt and now, and nobody else will close the lease.
        future.thenAccept(Lease::close);
      }
      throw e;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AutoDeployException cause) {
        throw cause;
      }
      throw new IllegalStateException("acquire failed", e);
    }
  }

  @Override
  public Optional<Lease> borrow(RouteRule route) {
    return Optional.ofNullable(controller.borrow(requireNonNull(route, "route")));
  }

  @Override
  public DeploymentStatus status() {
    return controller.status();
  }

  @Override
  public Schedule.@Nullable State scheduleState() {
    return controller.scheduleState();
  }

  @Override
  public @Nullable BudgetStatus budgetStatus() {
    return controller.budgetStatus();
  }

  @Override
  public String explainIdleTimeout() {
    return controller.explainIdleTimeout();
  }

  @Override
  public Traffic traffic() {
    return controller.traffic();
  }

  @Override
  public CostReplay replay() {
    DeploymentSpec spec = spec();
    long start = controller.learnedStart();
    return CostReplay.of(traffic())
        .spec(spec)
        .enginePolicy(services.idlePolicy())
        .costMeter(services.meter(spec))
        .startDuration(start == 0 ? Duration.ofMinutes(1) : Duration.ofNanos(start));
  }

  @Override
  public CompletableFuture<Void> warmUp() {
    return acquireAsync().thenAccept(Lease::close);
  }

  @Override
  public Preparation prepare() {
    return preparations().begin();
  }

  /** Begins a preparation if the specification says so. */
  void prepareAhead() {
    if (controller.spec().prepareAhead()) {
      preparations().ahead();
    }
  }

  /** Returns how far a preparation under way is, or null if there is none. */
  @Nullable StartProgress preparation() {
    Preparations made = preparations;
    return made == null ? null : made.progress();
  }

  void cancelPreparation() {
    Preparations made = preparations;
    if (made != null) {
      made.cancel();
    }
  }

  private Preparations preparations() {
    return controller.read(
        () -> {
          Preparations made = preparations;
          if (made == null) {
            made = new Preparations(services, controller);
            preparations = made;
          }
          return made;
        });
  }

  @Override
  public CompletableFuture<Void> release() {
    return controller.release();
  }

  @Override
  public CompletableFuture<Void> releaseNow() {
    return controller.releaseNow();
  }

  @Override
  public Cost cost() {
    return controller.accounts().cost();
  }

  @Override
  public List<UsageInterval> usage(Instant from, Instant to) {
    return controller.accounts().usage(requireNonNull(from, "from"), requireNonNull(to, "to"));
  }

  @Override
  public Money costOf(UsageInterval usage) {
    return controller.accounts().cost(requireNonNull(usage, "usage"));
  }

  @Override
  public CompletableFuture<List<String>> logs(String instanceId, int lines) {
    requireNonNull(instanceId, "instanceId");
    Arguments.atLeast("lines", lines, 1);
    DeploymentSpec current = spec();
    return services
        .calls()
        .call(
            "read the log of instances of " + name(),
            () -> services.provider().logs(instanceId, lines))
        .thenApply(log -> controller.masked(log, current));
  }

  @Override
  public CompletableFuture<String> snapshot(SnapshotRequest request) {
    requireNonNull(request, "request");
    return acquireAsync().thenCompose(lease -> snapshot(lease, request));
  }

  private CompletableFuture<String> snapshot(Lease lease, SnapshotRequest request) {
    String id = lease.instanceId();
    if (!controller.reserve(id, true)) {
      lease.close();
      return CompletableFuture.failedFuture(
          new AutoDeployException(
              ErrorCode.PROVIDER_FAILED,
              name(),
              "instance '" + id + "' serves requests; a snapshot needs an idle one"));
    }
    return services
        .calls()
        .call(
            request.includesVolumes() ? VOLUMES_LIMIT : SNAPSHOT_LIMIT,
            () -> services.provider().snapshot(id, request))
        .thenApply(Snapshot::reference)
        .whenComplete(
            (reference, error) -> {
              // In this order: an instance that is kept back must never look idle.
              controller.reserve(id, false);
              lease.close();
            });
  }

  @Override
  public String toString() {
    return "Deployment[" + name() + "]";
  }
}
