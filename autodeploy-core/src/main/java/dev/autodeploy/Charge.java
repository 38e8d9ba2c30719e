package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The part of an interval that was charged by one price. Where the price changed during the life of
 * an instance, its interval has several. Immutable.
 *
 * @param from from when on this price counted for the instance
 * @param rate the price, or null if it was charged by a cost meter that names none
 * @param amount what this part costs
 */
public record Charge(Instant from, @Nullable Rate rate, Money amount) {

  /** The decimals to which a part of a charge is computed; the rest is in the last part. */
  private static final int DECIMALS = 18;

  /**
   * Checks the values.
   *
   * @param from from when on this price counted for the instance
   * @param rate the price, or null
   * @param amount what this part costs
   */
  public Charge {
    requireNonNull(from, "from");
    requireNonNull(amount, "amount");
  }

  /** Returns what of the amount is spent up to a moment, if it is spread over a time. */
  BigDecimal spent(Instant begin, Instant end, Instant moment) {
    if (!moment.isBefore(end)) {
      return amount.amount();
    }
    if (!moment.isAfter(begin)) {
      return BigDecimal.ZERO;
    }
    return amount
        .amount()
        .multiply(nanos(Duration.between(begin, moment)))
        .divide(nanos(Duration.between(begin, end)), DECIMALS, RoundingMode.DOWN);
  }

  private static BigDecimal nanos(Duration duration) {
    return BigDecimal.valueOf(duration.getSeconds())
        .movePointRight(9)
        .add(BigDecimal.valueOf(duration.getNano()));
  }
}
