package dev.autodeploy;

import dev.autodeploy.replay.CostReplay;
import dev.autodeploy.replay.Traffic;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One deployment of an engine: what callers get leases from. Thread-safe.
 *
 * <p>The object stays the same for the deployment's life; after {@link AutoDeploy#remove} every
 * acquire is refused.
 */
public interface Deployment {

  /**
   * Returns the name, which is part of the service link.
   *
   * @return the name
   */
  String name();

  /**
   * Returns the specification in force.
   *
   * @return the specification
   */
  DeploymentSpec spec();

  /**
   * Returns when the deployment was made; kept over restarts where the state is stored.
   *
   * @return the moment
   */
  Instant createdAt();

  /**
   * Asks for a lease of any instance, waiting up to {@link AcquireRequest#DEFAULT_TIMEOUT}.
   *
   * @return see {@link #acquireAsync(AcquireRequest)}
   */
  CompletableFuture<Lease> acquireAsync();

  /**
   * Asks for a lease; starts an instance if that is needed. Does not block.
   *
   * <p>If an instance with room is ready the future is complete on return. Otherwise it completes
   * on the callback executor: with a lease, which the caller must close, or with an {@link
   * AutoDeployException} no later than the request's timeout. Cancelling it frees the place; a
   * lease that is on its way then is closed. If {@code cancel} returns false, it was too late: if
   * the lease was granted, it is the caller's to close.
   *
   * <p>The error's code is {@link ErrorCode#NOT_OPEN}, {@link ErrorCode#BUDGET_EXHAUSTED}, {@link
   * ErrorCode#QUEUE_FULL}, {@link ErrorCode#ACQUIRE_TIMEOUT}, {@link ErrorCode#START_FAILED} or
   * {@link ErrorCode#RELEASED}; with a route rule {@link ErrorCode#ROUTE_TARGET_NOT_FOUND} or
   * {@link ErrorCode#REPLICA_QUOTA_EXCEEDED}; and {@link ErrorCode#DEPLOYMENT_NOT_FOUND} once the
   * deployment is removed, {@link ErrorCode#CLOSED} once the engine is closed.
   *
   * @param request which instance, and how long to wait
   * @return the lease
   */
  CompletableFuture<Lease> acquireAsync(AcquireRequest request);

  /**
   * Asks for a lease of any instance and blocks until there is one.
   *
   * @param timeout how long to wait at most, longer than 0
   * @return the lease, to be closed
   * @throws IllegalArgumentException if the timeout is not longer than 0
   * @throws AutoDeployException if there is none in time, with the codes of {@link
   *     #acquireAsync(AcquireRequest)}
   * @throws InterruptedException if interrupted; the place is freed
   */
  Lease acquire(Duration timeout) throws InterruptedException;

  /**
   * Asks for a lease by a route rule and blocks until there is one.
   *
   * @param timeout how long to wait at most, longer than 0
   * @param route which instance
   * @return the lease, to be closed
   * @throws IllegalArgumentException if the timeout is not longer than 0
   * @throws AutoDeployException if there is none in time, with the codes of {@link
   *     #acquireAsync(AcquireRequest)}
   * @throws InterruptedException if interrupted; the place is freed
   */
  Lease acquire(Duration timeout, RouteRule route) throws InterruptedException;

  /**
   * Returns a lease of a ready instance that does not keep it: it does not count as use, takes no
   * place of {@link DeploymentSpec.Builder#concurrency}, and does not delay the instance's release.
   * The lease is {@linkplain Lease#lost() lost} when that begins; the exchange should then end. For
   * exchanges that stand for hours without being used, such as a stream of notices. Never starts an
   * instance and never waits.
   *
   * @return the lease, to be closed; empty if no instance is ready
   */
  default Optional<Lease> borrow() {
    return borrow(RouteRule.defaultRule());
  }

  /**
   * Returns a lease like that of {@link #borrow()}, of the instance that a rule names. The other
   * rules leave the choice open.
   *
   * @param route which instance
   * @return the lease, to be closed; empty if the instance, or without a name any, is not ready
   */
  Optional<Lease> borrow(RouteRule route);

  /**
   * Returns a snapshot of the deployment's current status. Never starts an instance.
   *
   * @return the status
   */
  DeploymentStatus status();

  /**
   * Returns what the deployment's schedule has in force now.
   *
   * @return its state, or null without a schedule
   */
  Schedule.@Nullable State scheduleState();

  /**
   * Returns what was spent of the deployment's budget.
   *
   * @return the status, or null without a budget
   */
  @Nullable BudgetStatus budgetStatus();

  /**
   * Says in a sentence when idle instances are released, and why then: what the idle policy makes
   * of the gaps between requests and of the starts so far, or what the schedule has in force.
   *
   * @return the sentence, with its numbers; for people
   */
  String explainIdleTimeout();

  /**
   * Returns the recent requests, for a {@link dev.autodeploy.replay.CostReplay}: up to about
   * 200,000, exact to the millisecond. With a state directory they survive a restart, apart from
   * those of the last half minute where the process does not end by closing the engine. Requests
   * whose lease is open, or that wait, are not in it yet. Of several replicas the one that leads
   * records them, since it began to; the others ask it. Blocks for the disk, or the leader.
   *
   * @return the requests, from when the deployment was made, or the oldest that are kept, until now
   */
  Traffic traffic();

  /**
   * Returns a replay of its {@linkplain #traffic() recent requests} with its settings, its price,
   * and starts that take as long as half of its recent ones did, or a minute while there was none.
   * Blocks for the disk, or the leader.
   *
   * @return the replay, to be run as it is or with other settings
   */
  CostReplay replay();

  /**
   * Says in a sentence what requests of this deployment wait for: who has the GPUs that it needs,
   * what happens next, and when an instance is expected. For people; {@link #status()} has the
   * parts.
   *
   * @return such as {@code 1 request waits for GPU 0: breezyvoice, 2 requests in flight...}
   */
  default String explain() {
    return status().explain();
  }

  /**
   * Makes sure that an instance is ready: an {@link #acquireAsync()} whose lease is closed at once.
   * So where all ready instances are at their concurrency it waits for room, up to {@link
   * AcquireRequest#DEFAULT_TIMEOUT}, or starts one more; and it restarts the idle timeout.
   *
   * @return completes when an instance is ready, or with the error that prevents it
   */
  CompletableFuture<Void> warmUp();

  /**
   * Fetches ahead what instances need, such as their image, without starting one. Two calls share
   * one preparation while it goes on.
   *
   * @return the preparation: its result, its progress, and a way to cancel it
   */
  Preparation prepare();

  /**
   * Releases the ready instances: idle ones at once, busy ones when their leases are closed,
   * however long that takes. An instance that is starting because requests wait for it is left to
   * serve them. Instances kept by {@link DeploymentSpec.Builder#minInstances} are replaced at once.
   *
   * @return completes when every instance concerned is verified gone, or left to the next engine by
   *     {@link AutoDeploy.Builder#keepInstancesOnClose}
   */
  CompletableFuture<Void> release();

  /**
   * Releases all instances at once. Open leases are {@linkplain Lease#lost() lost}; waiting callers
   * are refused with {@link ErrorCode#RELEASED}. Instances kept by {@link
   * DeploymentSpec.Builder#minInstances} are replaced at once.
   *
   * @return completes when every instance concerned is verified gone
   */
  CompletableFuture<Void> releaseNow();

  /**
   * Returns what the deployment has cost since it was created. An instance for which the cost meter
   * throws counts as free, and the log says so.
   *
   * @return the cost
   */
  Cost cost();

  /**
   * Returns what the deployment cost in a period: last week, this month.
   *
   * <p>An instance that existed over the beginning or the end of the period counts with the part
   * inside it. So the costs of periods that follow each other without a gap add up to {@link
   * #cost() the total}, to the last digit. Times in the future, or before the deployment was
   * created, count nothing. Prices are those that counted at the time; each charge is spread evenly
   * over the time that it is for. Amounts in another currency than today's are left out: {@link
   * AutoDeploy#costs} has them.
   *
   * @param from the beginning of the period
   * @param to its end, exclusive
   * @return the money
   * @throws IllegalArgumentException if the end is before the beginning
   */
  default Money cost(Instant from, Instant to) {
    if (to.isBefore(from)) {
      throw new IllegalArgumentException(
          "the period must end after it begins, but is " + from + " to " + to);
    }
    BigDecimal amount = BigDecimal.ZERO;
    for (UsageInterval usage : usage(from, to)) {
      amount =
          amount.add(costOf(usage.until(to)).amount()).subtract(costOf(usage.until(from)).amount());
    }
    return new Money(amount, cost().total().currency());
  }

  /**
   * Returns the usage that a period touches, open intervals included, oldest first.
   *
   * @param from the beginning of the period
   * @param to its end, exclusive
   * @return the intervals, whole (not clipped to the period)
   */
  List<UsageInterval> usage(Instant from, Instant to);

  /**
   * Returns what a usage interval costs by the prices in force for this deployment: those of its
   * specification, or the engine's cost meter.
   *
   * @param usage an interval, from {@link #usage} or made up to ask "what if"
   * @return the money
   */
  Money costOf(UsageInterval usage);

  /**
   * Reads the last lines that an instance wrote.
   *
   * @param instanceId the instance, which may have ended if the provider still has its lines
   * @param lines how many lines at most, 1 or more; the provider may keep fewer
   * @return the lines, oldest first; empty if the provider does not know the instance
   * @throws IllegalArgumentException if {@code lines} is less than 1
   */
  CompletableFuture<List<String>> logs(String instanceId, int lines);

  /**
   * Makes a snapshot of an idle instance that later instances can start from, where the provider
   * can. It waits for an instance as {@link #acquireAsync()} does, and starts one if need be; but
   * it does not wait until that instance is idle. The instance serves no request meanwhile, for an
   * hour at most, or for six with volumes.
   *
   * @param request its name, and whether it has what is in volumes
   * @return the snapshot's reference, as {@link DeploymentSpec.Builder#snapshot} takes it; or the
   *     error of an acquire, {@link ErrorCode#PROVIDER_FAILED} if the instance serves requests or
   *     the provider fails, {@link IllegalArgumentException} if the name is bad or taken, {@link
   *     UnsupportedOperationException} if the provider makes no snapshots
   */
  CompletableFuture<String> snapshot(SnapshotRequest request);

  /**
   * Makes a snapshot as {@link #snapshot(SnapshotRequest)} does, without what is in volumes.
   *
   * @param name the snapshot's name
   * @return the snapshot's reference, or an error
   */
  default CompletableFuture<String> snapshot(String name) {
    return snapshot(SnapshotRequest.named(name));
  }
}
