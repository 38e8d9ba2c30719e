package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.util.Arguments;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.Optional;

/**
 * A price for the existence of an instance, as it is kept with each interval. Immutable.
 *
 * @param perHour the price of one unit for one hour
 * @param unit the unit that the price is for
 * @param units how many units the instance has; 1 for {@link Unit#INSTANCE}
 * @param step the time that is charged in full once it has begun, such as a minute; zero to charge
 *     by the nanosecond
 * @param minimum the time that is charged at least, if the instance existed at all; zero for none
 */
public record Rate(Money perHour, Unit unit, int units, Duration step, Duration minimum) {
  private static final BigDecimal NANOS_PER_HOUR =
      BigDecimal.valueOf(Duration.ofHours(1).toNanos());

  /** The unit that a price is for. */
  public enum Unit {
    /** The price is for the instance as a whole. */
    INSTANCE,

    /** The price is for each GPU of the instance. */
    GPU
  }

  /**
   * Checks the values.
   *
   * @param perHour the price of one unit for one hour
   * @param unit the unit that the price is for
   * @param units how many units the instance has
   * @param step the time that is charged in full once it has begun
   * @param minimum the time that is charged at least
   */
  public Rate {
    requireNonNull(perHour, "perHour");
    requireNonNull(unit, "unit");
    requireNonNull(step, "step");
    requireNonNull(minimum, "minimum");
    if (perHour.amount().signum() < 0) {
      throw new IllegalArgumentException("perHour must not be negative, but was " + perHour);
    }
    Arguments.atLeast("units", units, 1);
    Arguments.notNegative("step", step);
    Arguments.notNegative("minimum", minimum);
  }

  /**
   * Returns what an instance costs that existed for a time.
   *
   * @param existing the time in which something of it existed
   * @return the money; nothing for no time
   */
  public Money cost(Duration existing) {
    if (existing.isZero() || existing.isNegative()) {
      return Money.zero(perHour.currency());
    }
    Duration charged = existing.compareTo(minimum) < 0 ? minimum : existing;
    BigDecimal nanos = nanos(charged);
    if (!step.isZero()) {
      BigDecimal one = nanos(step);
      nanos = nanos.divide(one, 0, RoundingMode.CEILING).multiply(one);
    }
    BigDecimal amount =
        perHour
            .amount()
            .multiply(BigDecimal.valueOf(units))
            .multiply(nanos)
            .divide(NANOS_PER_HOUR, MathContext.DECIMAL64);
    return new Money(amount, perHour.currency());
  }

  private static BigDecimal nanos(Duration duration) {
    return BigDecimal.valueOf(duration.getSeconds())
        .movePointRight(9)
        .add(BigDecimal.valueOf(duration.getNano()));
  }

  /**
   * Returns whether another rate charges the same, however its amount is written.
   *
   * @param other the other rate, or empty where none is known
   * @return true if both charge the same
   */
  public boolean sameAs(Optional<Rate> other) {
    return other.isPresent()
        && perHour.currency().equals(other.get().perHour.currency())
        && perHour.amount().compareTo(other.get().perHour.amount()) == 0
        && unit == other.get().unit
        && units == other.get().units
        && step.equals(other.get().step)
        && minimum.equals(other.get().minimum);
  }
}
