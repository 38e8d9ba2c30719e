package dev.autodeploy.internal.ledger;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.Budget;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.decision.Allowance;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures what a deployment spends against its budget. All instances that exist count as if they
 * ran on, so that the moment is known before which they have to go. Guarded by the deployment's
 * lock.
 */
public final class BudgetMeter {
  private static final Logger LOG = LoggerFactory.getLogger(BudgetMeter.class);

  /** The time that a release is reckoned to take, which is paid for too. */
  static final Duration RELEASE = Duration.ofSeconds(1);

  /**
   * The longest time without a look, while something runs: for warnings, and clocks that are set.
   */
  private static final Duration LOOK_AHEAD = Duration.ofMinutes(1);

  /** The same while nothing may be started. */
  private static final Duration LOOK_FOR_RESET = Duration.ofMinutes(15);

  /** The age up to which an allowance is used again: a warm request does not ask for another. */
  private static final long FRESH = Duration.ofMillis(100).toNanos();

  private final DeploymentLedger ledger;
  private Allowance last = Allowance.UNLIMITED;
  private long measuredAt = NEVER;

  public BudgetMeter(DeploymentLedger ledger) {
    this.ledger = ledger;
  }

  /**
   * Makes the next allowance be measured again: an instance came or went, or the settings changed.
   */
  public void changed() {
    measuredAt = NEVER;
  }

  /** Returns whether the last allowance still holds. */
  public boolean isFresh(long now) {
    return measuredAt != NEVER && now - measuredAt < FRESH && now < last.lookAt();
  }

  /**
   * Returns what the budget allows.
   *
   * @param startNanos how long starts have taken, 0 if that is not known
   */
  public Allowance measure(DeploymentSpec spec, long now, Instant wall, long startNanos) {
    Budget budget = spec.budget();
    measuredAt = now;
    try {
      last = budget == null ? Allowance.UNLIMITED : measure(spec, budget, now, wall, startNanos);
    } catch (RuntimeException | Error e) {
      LOG.error("{}: the budget could not be measured; what it allowed last holds", spec.name(), e);
      last = last.until(now + LOOK_AHEAD.toNanos());
    }
    return last;
  }

  private Allowance measure(
      DeploymentSpec spec, Budget budget, long now, Instant wall, long startNanos) {
    Instant since = budget.since(wall);
    Instant reset = budget.resetsAt(wall);
    long toReset = reset == null ? NEVER : nanosUntil(wall, reset);
    BigDecimal limit = budget.limit();
    BigDecimal closed = ledger.closedUse(budget, since);
    LongFunction<BigDecimal> spentAt = at -> closed.add(ledger.openUse(budget, since, at));
    long release = RELEASE.toNanos();
    boolean over = spentAt.apply(now + release).compareTo(limit) >= 0;
    long need = startNanos + budget.minimumUse().toNanos() + release;
    BigDecimal next = ledger.useOf(budget, next(spec, wall, need));
    BigDecimal least = ledger.useOf(budget, next(spec, wall, release));
    boolean start = // and what is started is not over at once
        spentAt.apply(now + need).add(next).compareTo(limit) <= 0
            && spentAt.apply(now + release).add(least).compareTo(limit) < 0;
    long lookAt;
    if (ledger.hasOpen() && !over) {
      long last = now + Math.min(toReset, LOOK_AHEAD.toNanos());
      lookAt = firstOver(spentAt, limit, now, last);
    } else {
      lookAt = start || reset == null ? NEVER : now + Math.min(toReset, LOOK_FOR_RESET.toNanos());
    }
    boolean ended = over || (!start && !ledger.hasOpen());
    BudgetStatus status = new BudgetStatus(budget, spentAt.apply(now), reset, ended, start);
    return new Allowance(start, over, budget.end() == Budget.End.CUT, lookAt, wall, status);
  }

  /** Returns the first moment at which a release has to begin, or the last one. */
  private static long firstOver(
      LongFunction<BigDecimal> spentAt, BigDecimal limit, long now, long last) {
    long release = RELEASE.toNanos();
    if (spentAt.apply(last + release).compareTo(limit) < 0) {
      return last;
    }
    long under = now;
    long over = last;
    while (over - under > 1) {
      long middle = under + (over - under) / 2;
      if (spentAt.apply(middle + release).compareTo(limit) < 0) {
        under = middle;
      } else {
        over = middle;
      }
    }
    return over;
  }

  private static UsageInterval next(DeploymentSpec spec, Instant wall, long nanos) {
    Instant end = wall.plusNanos(nanos);
    return UsageInterval.builder(spec.name(), "next", wall)
        .gpu(spec.gpu())
        .readyAt(wall)
        .openUntil(end)
        .build();
  }

  private static long nanosUntil(Instant wall, Instant moment) {
    Duration left = Duration.between(wall, moment);
    return left.toDays() > 400 ? NEVER : Math.max(0, left.toNanos());
  }

  /** Returns the last allowance, or null if none was asked for. */
  public @Nullable Allowance last() {
    return measuredAt == NEVER ? null : last;
  }
}
