package dev.autodeploy.testing.simulation;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Budget;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.InstanceInfo;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.Money;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The budget of one engine in a walk, in which a second of an instance costs 1 USD: changes it, and
 * checks what holds of the sum of all deployments.
 */
final class WalkBudget {
  /** The longest time that a start may have been learned to take. */
  private static final Duration LONGEST_START = Duration.ofSeconds(10);

  private static final Duration RELEASE = Duration.ofSeconds(1);

  /** The cost of an instance between a look at the budget and a start that it allows. */
  private static final BigDecimal SINCE_THE_LOOK = new BigDecimal("0.1");

  /** The number of checks for one in which all intervals are added up. */
  private static final int CHECKS = 20;

  private static final BigDecimal CLOSE = new BigDecimal("0.000001");

  private final Walk walk;
  private final WalkEngine engine;
  private final boolean exists;

  /** The budget that the engine is built with. */
  private final @Nullable Budget built;

  private @Nullable Budget current;

  /** One that may be in force after a restart, as the store failed at it. */
  private @Nullable Budget uncertain;

  private boolean isUncertain;

  /** The budgets that were in force at the moment of the last change. */
  private final List<Budget> replaced = new ArrayList<>();

  private long changedAt = Long.MIN_VALUE;
  private int checks;

  WalkBudget(Walk walk, WalkEngine engine) {
    this.walk = walk;
    this.engine = engine;
    this.exists = walk.hasBudgets();
    WalkDraw draw = WalkDraw.of(walk.seed, engine.owner + "-budget", 0);
    this.built = exists ? budget(draw, BigDecimal.ZERO) : null;
    this.current = built;
  }

  private static Budget budget(WalkDraw draw, BigDecimal spent) {
    BigDecimal more = new BigDecimal(draw.any("0", "3", "10", "40", "150", "600"));
    Budget budget = Budget.money(spent.add(more).toPlainString(), "USD");
    return draw.chance(60) ? budget.cut() : budget.minimumUse(Duration.ofSeconds(draw.below(4)));
  }

  @Nullable Budget built() {
    return built;
  }

  /** Returns whether there may be one at some time: then no minimum is sure to be kept. */
  boolean exists() {
    return exists;
  }

  /** Returns the status, or null without a budget, or while nothing can be asked. */
  private @Nullable BudgetStatus status() {
    return exists && engine.process.isThere() ? engine.process.autoDeploy().budgetStatus() : null;
  }

  // What happens to it.

  void change(WalkDraw draw) {
    if (engine.process.isDead()) {
      return;
    }
    BudgetStatus status = status();
    BigDecimal spent = status == null ? sum() : status.spent();
    put(draw.chance(10) ? null : budget(draw, spent));
  }

  /** Lets any amount be spent. */
  void end() {
    if (exists && !engine.process.isDead()) {
      put(null);
    }
  }

  private void put(@Nullable Budget next) {
    walk.trace.add(() -> engine.owner + ": budget " + next);
    long now = walk.time.read();
    if (now != changedAt) {
      replaced.clear();
      changedAt = now;
    }
    if (current != null) {
      replaced.add(current);
    }
    Budget before = current;
    current = next;
    if (!engine.process.mayFail(() -> engine.process.autoDeploy().budget(next))) {
      current = before;
      uncertain = next;
      isUncertain = true;
      if (next != null) {
        replaced.add(next);
      }
    } else {
      isUncertain = false;
    }
  }

  /** Another engine is there: it has the budget that was set last. */
  void rebuilt() {
    if (!exists) {
      return;
    }
    BudgetStatus status = engine.process.autoDeploy().budgetStatus();
    Budget found = status == null ? null : status.budget();
    walk.check(
        Objects.equals(found, current) || (isUncertain && Objects.equals(found, uncertain)),
        () -> "the engine's budget survives a restart, but " + current + " became " + found);
    current = found;
    isUncertain = false;
  }

  // What is expected of others.

  /** Returns whether it may end now under the leases that are open. */
  boolean mayCut() {
    return inForce().stream().anyMatch(budget -> budget.end() == Budget.End.CUT);
  }

  private List<Budget> inForce() {
    List<Budget> all = new ArrayList<>();
    if (current != null) {
      all.add(current);
    }
    if (walk.time.read() == changedAt) {
      all.addAll(replaced);
    }
    return all;
  }

  /** Returns whether what is left may not cover a start now. */
  boolean mayBeUnaffordable() {
    List<Budget> inForce = inForce();
    if (inForce.isEmpty()) {
      return false;
    }
    BudgetStatus status = status();
    if (status == null) {
      return !engine.process.isThere() || walk.time.read() == changedAt;
    }
    if (status.exhausted()) {
      return true;
    }
    BigDecimal spent = status.spent();
    for (Budget budget : inForce) {
      Duration start = LONGEST_START.plus(budget.minimumUse()).plus(RELEASE);
      BigDecimal need = seconds(start.multipliedBy(engine.instances() + 2L));
      if (budget.limit().subtract(spent).compareTo(need) <= 0) {
        return true;
      }
    }
    return false;
  }

  private static BigDecimal seconds(Duration time) {
    return BigDecimal.valueOf(time.toMillis(), 3);
  }

  // What is checked.

  /**
   * Checks that what is left covers the minimum of use of an instance that is started, and of those
   * that run.
   *
   * @param running how many others the engine pays for
   */
  void starting(String id, int running) {
    Budget budget = current;
    BudgetStatus status = status();
    if (budget == null || status == null || walk.time.read() == changedAt) {
      return;
    }
    Duration use = budget.minimumUse().plus(RELEASE).multipliedBy(running + 1L);
    BigDecimal unseen = SINCE_THE_LOOK.multiply(BigDecimal.valueOf(running + 1L));
    walk.check(
        status.left().add(unseen).compareTo(seconds(use)) >= 0,
        () ->
            "no two starts count on the same rest of the engine's budget, but "
                + id
                + " starts beside "
                + running
                + " with "
                + status.describe());
  }

  void check(List<DeploymentStatus> all) {
    BudgetStatus status = status();
    if (status == null) {
      return;
    }
    if (++checks % CHECKS == 0) {
      BigDecimal sum = sum();
      walk.check(
          sum.subtract(status.spent()).abs().compareTo(CLOSE) < 0,
          () -> "the engine's budget counts what is spent, " + sum + ", not " + status.describe());
    }
    if (status.left().signum() > 0) {
      return;
    }
    boolean cuts = status.budget().end() == Budget.End.CUT;
    for (DeploymentStatus one : all) {
      for (InstanceInfo info : one.instances()) {
        boolean drains = info.phase() == InstancePhase.DRAINING && info.inFlight() > 0;
        walk.check(
            info.phase() == InstancePhase.RELEASING || (drains && !cuts),
            () -> info.id() + " runs on although the engine's budget is spent: " + one);
      }
      walk.check(
          one.pending() == 0, () -> "nobody waits when the engine's budget is spent, but: " + one);
    }
  }

  private BigDecimal sum() {
    AutoDeploy autoDeploy = engine.process.autoDeploy();
    return autoDeploy.costs(Instant.MIN, Instant.MAX).total().values().stream()
        .map(Money::amount)
        .reduce(BigDecimal.ZERO, BigDecimal::add);
  }
}
