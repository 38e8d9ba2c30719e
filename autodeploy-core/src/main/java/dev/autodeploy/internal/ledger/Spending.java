package dev.autodeploy.internal.ledger;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.Budget;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The use of a budget at a moment, and what follows from it: that all instances which exist run on,
 * so that the moment is known before which they have to go. Immutable.
 *
 * @param budget the budget
 * @param since when its period began
 * @param reset when it ends, or null
 * @param toReset the time until then in nanoseconds, or {@link
 *     dev.autodeploy.internal.decision.Instance#NEVER}
 * @param closed what the instances that are gone have used in it
 * @param open the instances that exist, each at a moment of its own
 * @param ages how long ago that was, in nanoseconds, in the same order
 */
record Spending(
    Budget budget,
    Instant since,
    @Nullable Instant reset,
    long toReset,
    BigDecimal closed,
    List<OpenUse> open,
    List<Long> ages) {

  /** The time that a release is reckoned to take, which is paid for too. */
  static final long RELEASE = Duration.ofSeconds(1).toNanos();

  /**
   * The longest time without a look, while something runs: for warnings, and clocks that are set.
   */
  static final long LOOK_AHEAD = Duration.ofMinutes(1).toNanos();

  /** The same while nothing may be started. */
  static final long LOOK_FOR_RESET = Duration.ofMinutes(15).toNanos();

  /** Returns the use in the period of a moment. */
  static Spending at(
      Instant wall, Budget budget, BigDecimal closed, List<OpenUse> open, List<Long> ages) {
    Instant reset = budget.resetsAt(wall);
    long toReset = reset == null ? NEVER : nanosUntil(wall, reset);
    return new Spending(budget, budget.since(wall), reset, toReset, closed, open, ages);
  }

  private static long nanosUntil(Instant wall, Instant moment) {
    Duration left = Duration.between(wall, moment);
    return left.toDays() > 400 ? NEVER : Math.max(0, left.toNanos());
  }

  /** Returns what is spent some time later, if all instances run on. */
  BigDecimal after(long nanos) {
    return after(i -> nanos);
  }

  /** Returns the same where each instance runs for another time. */
  private BigDecimal after(LongUnaryOperator nanos) {
    BigDecimal spent = closed;
    for (int i = 0; i < open.size(); i++) {
      spent = spent.add(open.get(i).after(ages.get(i) + nanos.applyAsLong(i), budget, since));
    }
    return spent;
  }

  /** Returns whether nothing is left for what runs but its release. */
  boolean isOver() {
    return after(RELEASE).compareTo(budget.limit()) >= 0;
  }

  /**
   * Returns whether what is left covers a start: that of the next instance, and those under way.
   *
   * @param next the instance
   * @param startNanos how long its start takes
   */
  boolean covers(OpenUse next, long startNanos) {
    long use = budget.minimumUse().toNanos() + RELEASE;
    long need = startNanos + use;
    BigDecimal most =
        after(i -> Math.max(need, open.get((int) i).startLeft() - ages.get((int) i) + use));
    return most.add(next.after(need, budget, since)).compareTo(budget.limit()) <= 0
        // and what is started is not over at once
        && after(RELEASE).add(next.after(RELEASE, budget, since)).compareTo(budget.limit()) < 0;
  }

  /** Returns after how long a release has to begin, or the look before that. */
  long untilLook() {
    long last = Math.min(toReset, LOOK_AHEAD);
    if (after(last + RELEASE).compareTo(budget.limit()) < 0) {
      return last;
    }
    long under = 0;
    long over = last;
    while (over - under > 1) {
      long middle = under + (over - under) / 2;
      if (after(middle + RELEASE).compareTo(budget.limit()) < 0) {
        under = middle;
      } else {
        over = middle;
      }
    }
    return over;
  }

  /** Returns after how long the next period may have begun, or never. */
  long untilReset() {
    return reset == null ? NEVER : Math.min(toReset, LOOK_FOR_RESET);
  }
}
