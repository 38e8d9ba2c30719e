package dev.autodeploy.spi;

import dev.autodeploy.HourlyCostMeterBuilder;
import dev.autodeploy.Money;
import dev.autodeploy.Rate;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.policy.CostMeters;
import java.util.Currency;
import java.util.Optional;

/**
 * Turns the existence of an instance into money. Thread-safe and quick, for it is asked under a
 * deployment's lock; does not block, and gives the same answer for the same interval; a longer
 * interval never costs less.
 */
public interface CostMeter {

  /**
   * Returns what an instance costs.
   *
   * @param usage from the start request to the verified release, or up to now
   * @return the money, in {@link #currency()}
   */
  Money cost(UsageInterval usage);

  /**
   * Returns the price by which an interval is charged, if it is one that can be written down: it is
   * kept in the ledger, so that what an instance has cost is known even if a later process has
   * another price. {@link #cost} is the same by it.
   *
   * @param usage from the start request to the verified release, or up to now
   * @return the price, or empty if there is none that says it all
   */
  default Optional<Rate> rate(UsageInterval usage) {
    return Optional.empty();
  }

  /**
   * Returns whether there is a price for an interval. Where there is none it costs nothing, and the
   * engine warns of it.
   *
   * @param usage an interval, which may be of a moment only
   * @return true unless no price applies
   */
  default boolean hasPrice(UsageInterval usage) {
    return true;
  }

  /**
   * Returns the currency of all answers.
   *
   * @return the currency
   */
  Currency currency();

  /**
   * Returns the meter that charges each instance by the hour, pro rata to the nanosecond.
   *
   * @param amount the price of one instance for one hour, such as {@code "0.49"}
   * @param currency the ISO 4217 code, such as {@code "USD"}
   * @return the meter
   * @throws IllegalArgumentException if the amount is negative or no number, or the code unknown
   */
  static CostMeter perHour(String amount, String currency) {
    return hourly(currency).defaultPrice(amount).build();
  }

  /**
   * Returns a builder for a meter with hourly prices per deployment and GPU model.
   *
   * @param currency the ISO 4217 code, such as {@code "USD"}
   * @return the builder
   */
  static HourlyCostMeterBuilder hourly(String currency) {
    return HourlyCostMeterBuilder.in(currency);
  }

  /**
   * Returns the meter for which everything costs nothing, in US dollars. The default.
   *
   * @return the meter
   */
  static CostMeter free() {
    return CostMeters.FREE;
  }
}
