package dev.autodeploy.testing.simulation;

import dev.autodeploy.Budget;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Schedule;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.UsageHistory;
import dev.autodeploy.testing.ManualProcess;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The model of one deployment, kept independently of the engine, in one life of that: what is
 * deployed, who waits, which leases are open, and what events told of each instance.
 */
final class WalkBook {
  /** The past as the drawn policies see it, which do not look at it. */
  static final UsageHistory NO_HISTORY = NoHistory.INSTANCE;

  final Walk walk;
  final WalkEngine engine;
  final String name;
  final Map<String, WalkInstance> instances = new HashMap<>();
  final List<WalkWaiter> waiters = new ArrayList<>();
  final List<WalkLease> leases = new ArrayList<>();

  /** The leases that do not keep their instance. */
  final List<WalkLease> borrowed = new ArrayList<>();

  final WalkBounds bounds;
  final WalkTurns turns = new WalkTurns(this);
  final WalkHealth health = new WalkHealth(this);

  DeploymentSpec spec;

  /** The specifications that were replaced when the last one was declared, and when that was. */
  private final List<DeploymentSpec> replaced = new ArrayList<>();

  long declaredAt = Long.MIN_VALUE;

  /** The time at which more instances were to be kept than before, or fewer were there, at last. */
  private long minimumChangedAt = Long.MIN_VALUE;

  /** The one of that name that was removed before, until its last event has come. */
  @Nullable WalkDeployment before;

  /** True if events have told that it was made. */
  boolean created;

  /** True if nobody asks any longer, and a lease that comes is closed at once. */
  boolean quiet;

  int asked;
  int scaleOutsAsked;

  /**
   * The time at which a lease was closed whose instance lived, or somebody stopped waiting, at
   * last.
   */
  private long demandEndedAt = Long.MIN_VALUE;

  /** The time of that before that moment. */
  private long demandEndedBefore = Long.MIN_VALUE;

  /** The number of those who had asked when an instance was last started ahead. */
  private int askedAtStartAhead = -1;

  /** The moment until which the minimum may not be kept, as an instance has ended by itself. */
  long minimumHeldUntil = Long.MIN_VALUE;

  /** Completes when a removal is complete; null before one is asked for. */
  @Nullable CompletableFuture<Void> removal;

  private ManualProcess process;
  private @Nullable Deployment deployment;

  WalkBook(WalkEngine engine, DeploymentSpec spec) {
    this.walk = engine.walk;
    this.engine = engine;
    this.process = engine.process.current;
    this.name = spec.name();
    this.spec = spec;
    this.bounds = new WalkBounds(engine.budget.exists());
    bounds.atRest(0, spec);
  }

  /** The deployment is declared again; its events of this moment may still be of before. */
  void declare(DeploymentSpec newSpec) {
    long now = walk.time.read();
    if (now != declaredAt) {
      replaced.clear();
      declaredAt = now;
    }
    replaced.add(spec);
    spec = newSpec;
    minimumChanged();
  }

  /** The minimum is another, or an instance that may have made it up is no longer ready. */
  void minimumChanged() {
    minimumChangedAt = walk.time.read();
  }

  /** Returns whether the minimum was as it is now when something began that took so long. */
  boolean hadThisMinimum(Duration ago) {
    return walk.time.read() - ago.toNanos() > minimumChangedAt;
  }

  /** Returns whether a condition is true of a specification that is, or was, in force now. */
  private boolean isTrueNow(Predicate<DeploymentSpec> condition) {
    return condition.test(spec)
        || (walk.time.read() == declaredAt && replaced.stream().anyMatch(condition));
  }

  void attach(Deployment newDeployment) {
    deployment = newDeployment;
    process = engine.process.current;
  }

  /** Returns whether an instance is ready and idle, as far as events have told. */
  boolean isIdle() {
    return instances.values().stream()
        .anyMatch(instance -> instance.told == WalkInstance.Told.READY && instance.open == 0);
  }

  Deployment deployment() {
    Deployment current = deployment;
    if (current == null) {
      throw new IllegalStateException("deployment '" + name + "' is not attached");
    }
    return current;
  }

  /** Returns whether the process is alive in which the deployment is: else nobody is answered. */
  boolean isAlive() {
    return process.isAlive();
  }

  boolean isRemoving() {
    return removal != null;
  }

  boolean isRemoved() {
    return removal != null && removal.isDone();
  }

  WalkInstance instance(String id) {
    return instances.computeIfAbsent(id, WalkInstance::new);
  }

  /** Returns whether a waiter was there, which it no longer is. */
  boolean removes(WalkWaiter waiter) {
    demandEnds();
    return waiters.remove(waiter);
  }

  void close(WalkLease held) {
    close(held, held.lease()::close);
  }

  /** Closes a lease whose request hangs. */
  void abandon(WalkLease held) {
    close(held, () -> held.lease().abandon("it hangs"));
  }

  private void close(WalkLease held, Runnable how) {
    if (held.counts()) {
      demandEnds();
    }
    // First, as somebody may be granted the room while it is closed.
    if (--held.instance().open == 0) {
      held.instance().becameIdle(walk.time.read(), shortestIdleTimeout(), idleTimeout());
    }
    how.run();
  }

  /** A lease ended, or may have, that the book does not have: the idle timeout restarts. */
  void unseenLease() {
    long now = walk.time.read();
    for (WalkInstance instance : instances.values()) {
      if (instance.idleAtLast != WalkInstance.NEVER) {
        instance.idleAtLast = now;
      }
    }
  }

  /** Returns how many instances are kept now, as far as the time of day is sure to be noticed. */
  int leastKept() {
    Schedule schedule = spec.schedule();
    return schedule == null
        ? spec.minInstances()
        : walk.wasClockStepped() ? 0 : keptAt(schedule, walk.time.instant());
  }

  private int keptAt(Schedule schedule, Instant moment) {
    Schedule.State state = schedule.at(moment);
    return state.closed() ? 0 : Math.max(spec.minInstances(), state.warm());
  }

  /** Returns whether the schedule has the deployment closed now, or it was before a change now. */
  boolean isClosed() {
    return walk.instants().stream().anyMatch(now -> isTrueNow(it -> isClosed(it, now)));
  }

  /** Returns whether the schedule that is deployed has it closed. */
  boolean isClosedByNow() {
    return isClosed(spec, walk.time.instant());
  }

  private static boolean isClosed(DeploymentSpec declared, Instant moment) {
    Schedule schedule = declared.schedule();
    return schedule != null && schedule.at(moment).closed();
  }

  /** Returns the shortest idle timeout that may be in force: none where it may be closed. */
  long shortestIdleTimeout() {
    return spec.schedule() == null ? idleTimeout() : 0;
  }

  /** Returns whether the budget in force ends under the leases that are open. */
  boolean cuts() {
    return mayCut(spec);
  }

  /** Returns whether a budget may end now under the leases that are open. */
  boolean mayCut() {
    return engine.budget.mayCut() || isTrueNow(WalkBook::mayCut);
  }

  private static boolean mayCut(DeploymentSpec declared) {
    Budget budget = declared.budget();
    return budget != null && budget.end() == Budget.End.CUT;
  }

  /** Returns whether what is left of a budget may not cover a start now. */
  boolean mayBeUnaffordable() {
    return engine.budget.mayBeUnaffordable() || isTrueNow(this::mayBeUnaffordable);
  }

  private boolean mayBeUnaffordable(DeploymentSpec declared) {
    Budget budget = declared.budget();
    if (budget == null) {
      return false;
    }
    // A second costs 1 USD: a start may have taken as long as it may, and those that run go on.
    Duration start = Duration.ofSeconds(10).plus(budget.minimumUse()).plusSeconds(1);
    BigDecimal need = BigDecimal.valueOf(start.multipliedBy(4).toMillis(), 3);
    return budget.limit().subtract(deployment().cost().total().amount()).compareTo(need) <= 0;
  }

  /** Returns whether the budget is spent: then nothing may run on. */
  boolean isSpent() {
    Budget budget = spec.budget();
    return budget != null && deployment().cost().total().amount().compareTo(budget.limit()) >= 0;
  }

  /** Returns the idle timeout in force, in nanoseconds. */
  long idleTimeout() {
    IdlePolicy policy = spec.idlePolicy();
    if (policy == null) {
      return IdlePolicy.DEFAULT_TIMEOUT.toNanos();
    }
    return policy.idleTimeout(NoHistory.INSTANCE).map(Duration::toNanos).orElse(WalkInstance.NEVER);
  }

  /**
   * Returns whether an instance may be started ahead now: once, after so long without a request.
   */
  boolean mayExpect() {
    boolean first = askedAtStartAhead != asked;
    askedAtStartAhead = asked;
    long now = walk.time.read();
    // Events come late: at this very moment somebody may have asked, and be served, already.
    long since = now > demandEndedAt ? demandEndedAt : demandEndedBefore;
    return first && isTrueNow(it -> startsAhead(it, now, since));
  }

  private static boolean startsAhead(DeploymentSpec spec, long now, long since) {
    return spec.idlePolicy() instanceof WalkTimerPolicy policy
        && now - policy.ahead().after().toNanos() >= since;
  }

  private void demandEnds() {
    long now = walk.time.read();
    if (now > demandEndedAt) {
      demandEndedBefore = demandEndedAt;
      demandEndedAt = now;
    }
  }

  /** Returns what the deployment is called in what a walk says. */
  String id() {
    return engine.owner + "/" + name;
  }

  /** The drawn policies do not look at it. */
  private enum NoHistory implements UsageHistory {
    INSTANCE;

    @Override
    public String deployment() {
      return "";
    }

    @Override
    public List<Duration> recentGaps() {
      return List.of();
    }

    @Override
    public List<Duration> recentStartDurations() {
      return List.of();
    }
  }
}
