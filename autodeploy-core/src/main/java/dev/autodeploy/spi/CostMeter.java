package dev.autodeploy.spi;

import dev.autodeploy.HourlyCostMeterBuilder;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.policy.CostMeters;
import java.util.Currency;

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
