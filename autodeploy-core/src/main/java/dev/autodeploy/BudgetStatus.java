package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A budget and what was spent of it, at a moment.
 *
 * @param budget the budget
 * @param spent what was spent in its period: money, or seconds of GPU time
 * @param resetsAt when the next period begins, or null
 * @param exhausted whether it has ended: nothing runs, and nothing is started
 * @param startable whether what is left covers a start
 */
public record BudgetStatus(
    Budget budget,
    BigDecimal spent,
    @Nullable Instant resetsAt,
    boolean exhausted,
    boolean startable) {

  /**
   * Checks the values.
   *
   * @param budget the budget
   * @param spent what was spent in its period: money, or seconds of GPU time
   * @param resetsAt when the next period begins, or null
   * @param exhausted whether it has ended
   * @param startable whether what is left covers a start
   */
  public BudgetStatus {
    requireNonNull(budget, "budget");
    requireNonNull(spent, "spent");
  }

  /**
   * Returns what is left.
   *
   * @return money, or seconds of GPU time; 0 if it was exceeded
   */
  public BigDecimal left() {
    return budget.limit().subtract(spent).max(BigDecimal.ZERO);
  }

  /**
   * Returns which part was spent.
   *
   * @return 0 to 1, and more if it was exceeded
   */
  public double share() {
    return budget.limit().signum() == 0
        ? 1
        : spent.divide(budget.limit(), MathContext.DECIMAL64).doubleValue();
  }

  /**
   * Returns it in words.
   *
   * @return such as {@code 0.0095 USD of 0.01 USD per day are spent}
   */
  public String describe() {
    return budget.text(spent.setScale(6, RoundingMode.HALF_UP).stripTrailingZeros())
        + " of "
        + budget.describe()
        + " are spent";
  }
}
