package dev.autodeploy.internal.ledger;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.Budget;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.decision.Allowance;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
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
      last = last.until(now + Spending.LOOK_AHEAD);
    }
    return last;
  }

  private Allowance measure(
      DeploymentSpec spec, Budget budget, long now, Instant wall, long startNanos) {
    Spending spending = spending(budget, now, wall);
    boolean over = spending.isOver();
    boolean start = spending.covers(ledger.nextUse(spec.gpu(), wall), startNanos);
    long until;
    if (ledger.hasOpen() && !over) {
      until = spending.untilLook();
    } else {
      until = start ? NEVER : spending.untilReset();
    }
    return new Allowance(
        start,
        over,
        budget.end() == Budget.End.CUT,
        until == NEVER ? NEVER : now + until,
        wall,
        status(spending, over, start));
  }

  private Spending spending(Budget budget, long now, Instant wall) {
    BigDecimal closed = ledger.closedUse(budget, budget.since(wall));
    List<OpenUse> open = ledger.openUse(now, 0);
    return Spending.at(wall, budget, closed, open, Collections.nCopies(open.size(), 0L));
  }

  private BudgetStatus status(Spending spending, boolean over, boolean start) {
    boolean ended = over || (!start && !ledger.hasOpen());
    return new BudgetStatus(spending.budget(), spending.after(0), spending.reset(), ended, start);
  }

  /**
   * Returns a budget and what was spent of it, without any effect.
   *
   * @param startNanos how long starts have taken, 0 if that is not known
   */
  public BudgetStatus status(
      DeploymentSpec spec, Budget budget, long now, Instant wall, long startNanos) {
    Spending spending = spending(budget, now, wall);
    boolean start = spending.covers(ledger.nextUse(spec.gpu(), wall), startNanos);
    return status(spending, spending.isOver(), start);
  }

  /** Returns the last allowance, or null if none was asked for. */
  public @Nullable Allowance last() {
    return measuredAt == NEVER ? null : last;
  }
}
