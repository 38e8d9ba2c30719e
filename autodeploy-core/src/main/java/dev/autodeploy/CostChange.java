package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * The change of what one interval was charged, by computing the past again.
 *
 * @param before the interval with its charges before
 * @param after the same interval with its charges by the prices of today
 */
public record CostChange(UsageInterval before, UsageInterval after) {

  /**
   * Checks the values.
   *
   * @param before the interval with its charges before
   * @param after the same interval with its charges by the prices of today
   */
  public CostChange {
    requireNonNull(before, "before");
    requireNonNull(after, "after");
  }

  /**
   * Returns whether two versions of an interval were charged different amounts.
   *
   * @param before one version
   * @param after another
   * @return true if the amounts or their currencies differ
   */
  public static boolean differ(UsageInterval before, UsageInterval after) {
    List<Charge> old = before.billing().charges();
    return old.isEmpty()
        || after.billing().charges().stream()
            .map(charge -> charge.amount().currency())
            .anyMatch(
                currency ->
                    before.charged(currency).amount().compareTo(after.charged(currency).amount())
                        != 0)
        || old.stream()
            .map(charge -> charge.amount().currency())
            .anyMatch(
                currency ->
                    before.charged(currency).amount().compareTo(after.charged(currency).amount())
                        != 0);
  }
}
