package dev.autodeploy.internal.cluster;

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
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.engine.Engine;
import dev.autodeploy.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** A deployment as users of one replica see it: the same while engines come and go. */
final class ReplicaDeployment implements Deployment {
  private final Replica replica;
  private final String name;
  private final Ticker ticker;

  /** The specification and the age as they were known last. */
  private volatile DeploymentSpec lastSpec;

  private volatile Instant lastCreatedAt;

  ReplicaDeployment(Replica replica, DeploymentSpec spec, Instant createdAt, Ticker ticker) {
    this.replica = replica;
    this.name = spec.name();
    this.lastSpec = spec;
    this.lastCreatedAt = createdAt;
    this.ticker = ticker;
  }

  /** Takes note of what was declared, for while this replica stands by. */
  void declared(DeploymentSpec spec) {
    lastSpec = spec;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public DeploymentSpec spec() {
    Deployment current = currentOrNull();
    if (current != null) {
      lastSpec = current.spec();
    }
    return lastSpec;
  }

  @Override
  public Instant createdAt() {
    Deployment current = currentOrNull();
    if (current != null) {
      lastCreatedAt = current.createdAt();
    }
    return lastCreatedAt;
  }

  @Override
  public CompletableFuture<Lease> acquireAsync() {
    return acquireAsync(AcquireRequest.within(AcquireRequest.DEFAULT_TIMEOUT));
  }

  @Override
  public CompletableFuture<Lease> acquireAsync(AcquireRequest request) {
    return new HeldRequest(replica, name, request, ticker).begin();
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
    Deployment current = currentOrNull();
    return current == null ? Optional.empty() : current.borrow(route);
  }

  @Override
  public DeploymentStatus status() {
    return current().status();
  }

  @Override
  public Schedule.@Nullable State scheduleState() {
    Deployment current = currentOrNull();
    return current == null ? null : current.scheduleState();
  }

  @Override
  public @Nullable BudgetStatus budgetStatus() {
    Deployment current = currentOrNull();
    return current == null ? null : current.budgetStatus();
  }

  @Override
  public String explainIdleTimeout() {
    return current().explainIdleTimeout();
  }

  @Override
  public CompletableFuture<Void> warmUp() {
    return acquireAsync().thenAccept(Lease::close);
  }

  @Override
  public Preparation prepare() {
    return current().prepare();
  }

  @Override
  public CompletableFuture<Void> release() {
    return current().release();
  }

  @Override
  public CompletableFuture<Void> releaseNow() {
    return current().releaseNow();
  }

  @Override
  public Cost cost() {
    return current().cost();
  }

  @Override
  public List<UsageInterval> usage(Instant from, Instant to) {
    return current().usage(from, to);
  }

  @Override
  public Money costOf(UsageInterval usage) {
    return current().costOf(usage);
  }

  @Override
  public CompletableFuture<List<String>> logs(String instanceId, int lines) {
    return current().logs(instanceId, lines);
  }

  @Override
  public CompletableFuture<String> snapshot(String snapshotName) {
    return current().snapshot(snapshotName);
  }

  private @Nullable Deployment currentOrNull() {
    Engine engine = replica.engine();
    return engine == null ? null : engine.find(name).orElse(null);
  }

  private Deployment current() {
    Engine engine = replica.engine();
    if (engine == null) {
      throw notLeading(name);
    }
    return engine.deployment(name);
  }

  /** Returns the error of what only the leader can do. */
  static AutoDeployException notLeading(@Nullable String deployment) {
    return new AutoDeployException(
        ErrorCode.NOT_LEADING,
        deployment,
        "this replica does not lead, and only the leader can do that: ask the leader, or try again"
            + " in a moment if there is none");
  }

  @Override
  public String toString() {
    return "Deployment[" + name + "]";
  }
}
