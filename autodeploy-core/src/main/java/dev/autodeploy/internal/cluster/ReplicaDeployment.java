package dev.autodeploy.internal.cluster;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.Cost;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.Lease;
import dev.autodeploy.Money;
import dev.autodeploy.Preparation;
import dev.autodeploy.RouteRule;
import dev.autodeploy.Schedule;
import dev.autodeploy.SnapshotRequest;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.engine.Engine;
import dev.autodeploy.internal.engine.EngineConfig;
import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.internal.wire.WireJson;
import dev.autodeploy.replay.CostReplay;
import dev.autodeploy.replay.Traffic;
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
  private final EngineConfig.Builder settings;

  /** The specification and the age as they were known last. */
  private volatile DeploymentSpec lastSpec;

  private volatile Instant lastCreatedAt;

  ReplicaDeployment(
      Replica replica, DeploymentSpec spec, Instant createdAt, EngineConfig.Builder settings) {
    this.replica = replica;
    this.name = spec.name();
    this.lastSpec = spec;
    this.lastCreatedAt = createdAt;
    this.settings = settings;
  }

  /** Takes note of what was declared, for while this replica does not lead. */
  void declared(DeploymentSpec spec) {
    lastSpec = spec;
  }

  /** Takes note of what the leader says. */
  void told(DeploymentSpec spec, Instant createdAt) {
    lastSpec = spec;
    lastCreatedAt = createdAt;
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
    return new HeldRequest(replica, name, request, settings.ticker()).begin();
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
    if (current != null) {
      return current.borrow(route);
    }
    RemoteLeader leader = replica.remote();
    if (leader == null) {
      return Optional.empty();
    }
    ObjectNode args = RemoteCalls.on(name);
    args.set("route", WireJson.write(requireNonNull(route, "route")));
    JsonNode lent = leader.get(RemoteCalls.BORROW, args);
    return lent.isObject() ? Optional.of(BorrowedLease.read(name, lent)) : Optional.empty();
  }

  @Override
  public DeploymentStatus status() {
    Deployment current = currentOrNull();
    return current != null ? current.status() : ask(RemoteCalls.STATUS);
  }

  @Override
  public Schedule.@Nullable State scheduleState() {
    Deployment current = currentOrNull();
    return current != null ? current.scheduleState() : ask(RemoteCalls.SCHEDULE_STATE);
  }

  @Override
  public @Nullable BudgetStatus budgetStatus() {
    Deployment current = currentOrNull();
    return current != null ? current.budgetStatus() : ask(RemoteCalls.BUDGET_STATUS);
  }

  @Override
  public String explainIdleTimeout() {
    Deployment current = currentOrNull();
    return current != null ? current.explainIdleTimeout() : ask(RemoteCalls.EXPLAIN_IDLE_TIMEOUT);
  }

  @Override
  public Traffic traffic() {
    Deployment current = currentOrNull();
    return current != null ? current.traffic() : remoteReplay().traffic();
  }

  @Override
  public CostReplay replay() {
    Deployment current = currentOrNull();
    return current != null
        ? current.replay()
        : remoteReplay()
            .spec(spec())
            .enginePolicy(settings.idlePolicy())
            .costMeter(settings.costMeter());
  }

  /** Asks the leader, who records the requests. */
  private CostReplay remoteReplay() {
    return RemoteReplay.read(ask(RemoteCalls.REPLAY));
  }

  @Override
  public CompletableFuture<Void> warmUp() {
    return acquireAsync().thenAccept(Lease::close);
  }

  @Override
  public Preparation prepare() {
    Deployment current = currentOrNull();
    return current != null
        ? current.prepare()
        : new RemotePreparation(this, leader().ask(RemoteCalls.PREPARE, RemoteCalls.on(name)));
  }

  /** Cancels the preparation that is under way at the leader. */
  void cancelPreparation() {
    leader().ask(RemoteCalls.CANCEL_PREPARATION, RemoteCalls.on(name));
  }

  @Override
  public CompletableFuture<Void> release() {
    Deployment current = currentOrNull();
    return current != null ? current.release() : later(RemoteCalls.RELEASE);
  }

  @Override
  public CompletableFuture<Void> releaseNow() {
    Deployment current = currentOrNull();
    return current != null ? current.releaseNow() : later(RemoteCalls.RELEASE_NOW);
  }

  @Override
  public Cost cost() {
    Deployment current = currentOrNull();
    return current != null ? current.cost() : ask(RemoteCalls.COST);
  }

  @Override
  public List<UsageInterval> usage(Instant from, Instant to) {
    Deployment current = currentOrNull();
    if (current != null) {
      return current.usage(from, to);
    }
    ObjectNode args =
        RemoteCalls.period(requireNonNull(from, "from"), requireNonNull(to, "to"))
            .put("deployment", name);
    return leader().get(RemoteCalls.USAGE, args);
  }

  @Override
  public Money costOf(UsageInterval usage) {
    Deployment current = currentOrNull();
    if (current != null) {
      return current.costOf(usage);
    }
    ObjectNode args = RemoteCalls.on(name);
    args.set("usage", WireJson.write(requireNonNull(usage, "usage")));
    return leader().get(RemoteCalls.COST_OF, args);
  }

  @Override
  public CompletableFuture<List<String>> logs(String instanceId, int lines) {
    requireNonNull(instanceId, "instanceId");
    Arguments.atLeast("lines", lines, 1);
    Deployment current = currentOrNull();
    if (current != null) {
      return current.logs(instanceId, lines);
    }
    ObjectNode args = RemoteCalls.on(name).put("instance", instanceId).put("lines", lines);
    return leader().ask(RemoteCalls.LOGS, args);
  }

  @Override
  public CompletableFuture<String> snapshot(SnapshotRequest request) {
    Deployment current = currentOrNull();
    return current != null
        ? current.snapshot(request)
        : leader()
            .ask(
                RemoteCalls.SNAPSHOT,
                RemoteCalls.on(name)
                    .put("name", request.name())
                    .put("includesVolumes", request.includesVolumes()));
  }

  private <T extends @Nullable Object> T ask(RemoteCall<T> call) {
    return leader().get(call, RemoteCalls.on(name));
  }

  private <T extends @Nullable Object> CompletableFuture<T> later(RemoteCall<T> call) {
    return leader().ask(call, RemoteCalls.on(name));
  }

  private RemoteLeader leader() {
    RemoteLeader leader = replica.remote();
    if (leader == null) {
      throw RemoteLeader.unreachable(name);
    }
    return leader;
  }

  private @Nullable Deployment currentOrNull() {
    Engine engine = replica.engine();
    return engine == null ? null : engine.find(name).orElse(null);
  }

  @Override
  public String toString() {
    return "Deployment[" + name + "]";
  }
}
