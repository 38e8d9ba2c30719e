package dev.autodeploy.internal.ledger;

import dev.autodeploy.Budget;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Currency;

/**
 * The use that a budget's period has of the closed intervals of all deployments. Not thread-safe.
 */
final class PeriodUse {
  private final Budget budget;
  private final Instant since;
  private BigDecimal sum;

  PeriodUse(Budget budget, Instant since, BigDecimal sum) {
    this.budget = budget;
    this.since = since;
    this.sum = sum;
  }

  /** Returns whether it counts the same use, of whatever limit. */
  boolean fits(Budget other, Instant otherSince) {
    Money money = budget.money();
    Money otherMoney = other.money();
    boolean alike =
        money == null
            ? otherMoney == null
            : otherMoney != null && money.currency().equals(otherMoney.currency());
    return alike && since.equals(otherSince);
  }

  void add(UsageInterval usage) {
    sum = sum.add(of(budget, usage, since));
  }

  void subtract(UsageInterval usage) {
    sum = sum.subtract(of(budget, usage, since));
  }

  BigDecimal sum() {
    return sum;
  }

  /** Returns what a closed interval used of a budget since a moment. */
  static BigDecimal of(Budget budget, UsageInterval usage, Instant since) {
    Money money = budget.money();
    Currency any = Currency.getInstance("XXX"); // of GPU time, which has none
    return OpenUse.of(budget, usage, since, money == null ? any : money.currency());
  }
}
