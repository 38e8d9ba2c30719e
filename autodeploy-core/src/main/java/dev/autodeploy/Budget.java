package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.util.Arguments;
import java.math.BigDecimal;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.TemporalAdjusters;
import org.jspecify.annotations.Nullable;

/**
 * The most that a deployment may spend: in money or GPU time; per day, week, month or in total.
 * Immutable; each method returns another budget.
 *
 * <p>An instance is started only if what is left covers the start, as long as starts have taken,
 * and a minimum of use. At its end instances are drained or cut; requests are refused with {@link
 * BudgetExhaustedException} until the next period begins, or the budget is raised.
 *
 * <pre>{@code
 * Budget budget =
 *     Budget.money("20", "USD").per(Budget.Period.MONTH, ZoneId.of("Europe/Berlin")).cut();
 * }</pre>
 *
 * @param money the most money, or null if it is about GPU time
 * @param gpuTime the most time of one GPU, so that two GPUs use it twice as fast; or null
 * @param period the period in which that may be spent
 * @param zone the zone in which periods begin and end at midnight
 * @param end what becomes of instances at its end
 * @param minimumUse the time of use that has to be left, beside the start, for a start
 */
public record Budget(
    @Nullable Money money,
    @Nullable Duration gpuTime,
    Period period,
    ZoneId zone,
    End end,
    Duration minimumUse) {

  /** The time for which a budget counts, in the calendar of its zone. */
  public enum Period {
    /** From midnight to midnight. */
    DAY,
    /** From Monday to Sunday. */
    WEEK,
    /** A month of the calendar. */
    MONTH,
    /** The time since the deployment was made. */
    TOTAL
  }

  /** The way in which a budget ends. */
  public enum End {
    /** Requests in flight may finish; instances take no further ones, and are released then. */
    DRAIN,
    /**
     * Instances are released at once, before the budget is exceeded; requests in flight are cut.
     */
    CUT
  }

  private static final Duration MINIMUM_USE = Duration.ofSeconds(1);

  /**
   * Checks the values.
   *
   * @param money the most money, or null if it is about GPU time
   * @param gpuTime the most time of one GPU, or null if it is about money
   * @param period the period in which that may be spent
   * @param zone the zone in which periods begin and end at midnight
   * @param end what becomes of instances at its end
   * @param minimumUse the time of use that has to be left for a start, 0 to 1 hour
   */
  public Budget {
    if ((money == null) == (gpuTime == null)) {
      throw new IllegalArgumentException("a budget is either in money or in GPU time");
    }
    if (money != null && money.amount().signum() < 0) {
      throw new IllegalArgumentException("a budget must be 0 or more, but was " + money);
    }
    if (gpuTime != null) {
      Arguments.inRange("gpuTime", gpuTime, Duration.ZERO, Duration.ofDays(36_500));
    }
    requireNonNull(period, "period");
    requireNonNull(zone, "zone");
    requireNonNull(end, "end");
    Arguments.inRange("minimumUse", minimumUse, Duration.ZERO, Duration.ofHours(1));
  }

  /**
   * Returns a budget of money, in total, that is drained at its end.
   *
   * @param amount such as {@code 20} or {@code 0.01}
   * @param currency an ISO 4217 code, that of the prices
   * @return the budget
   */
  public static Budget money(String amount, String currency) {
    return new Budget(
        Money.of(amount, currency), null, Period.TOTAL, ZoneOffset.UTC, End.DRAIN, MINIMUM_USE);
  }

  /**
   * Returns a budget of GPU time, in total, that is drained at its end. An instance uses it as
   * often as it has GPUs, one that has all of a machine or none once.
   *
   * @param time 0 to 100 years
   * @return the budget
   */
  public static Budget gpuTime(Duration time) {
    return new Budget(null, time, Period.TOTAL, ZoneOffset.UTC, End.DRAIN, MINIMUM_USE);
  }

  /**
   * Returns the same for another period.
   *
   * @param newPeriod the period
   * @param newZone the zone in which it begins and ends at midnight
   * @return the budget
   */
  public Budget per(Period newPeriod, ZoneId newZone) {
    return new Budget(money, gpuTime, newPeriod, newZone, end, minimumUse);
  }

  /**
   * Returns the same with instances that are drained at its end: it is exceeded by no more than
   * what was in flight.
   *
   * @return the budget
   */
  public Budget drain() {
    return new Budget(money, gpuTime, period, zone, End.DRAIN, minimumUse);
  }

  /**
   * Returns the same with instances that are released at once before its end: it is not exceeded,
   * as long as the provider does not take more than a second for that.
   *
   * @return the budget
   */
  public Budget cut() {
    return new Budget(money, gpuTime, period, zone, End.CUT, minimumUse);
  }

  /**
   * Returns the same with another minimum of use. Default: 1 second.
   *
   * @param time 0 to 1 hour
   * @return the budget
   */
  public Budget minimumUse(Duration time) {
    return new Budget(money, gpuTime, period, zone, end, time);
  }

  /**
   * Returns the limit as a number.
   *
   * @return the amount of money, or seconds of GPU time
   */
  public BigDecimal limit() {
    Money most = money;
    return most != null ? most.amount() : seconds(requireNonNull(gpuTime, "gpuTime"));
  }

  private static BigDecimal seconds(Duration time) {
    return BigDecimal.valueOf(time.getSeconds()).add(BigDecimal.valueOf(time.getNano(), 9));
  }

  /**
   * Returns when the period of a moment began.
   *
   * @param moment the moment
   * @return the beginning, or the beginning of time for {@link Period#TOTAL}
   */
  public Instant since(Instant moment) {
    return period == Period.TOTAL ? Instant.EPOCH : firstDay(moment).atStartOfDay(zone).toInstant();
  }

  /**
   * Returns when the period of a moment ends.
   *
   * @param moment the moment
   * @return the beginning of the next one, or null for {@link Period#TOTAL}
   */
  public @Nullable Instant resetsAt(Instant moment) {
    LocalDate first = firstDay(moment);
    LocalDate next =
        switch (period) {
          case DAY -> first.plusDays(1);
          case WEEK -> first.plusWeeks(1);
          case MONTH -> first.plusMonths(1);
          case TOTAL -> null;
        };
    return next == null ? null : next.atStartOfDay(zone).toInstant();
  }

  private LocalDate firstDay(Instant moment) {
    LocalDate day = moment.atZone(zone).toLocalDate();
    return switch (period) {
      case WEEK -> day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
      case MONTH -> day.withDayOfMonth(1);
      case DAY, TOTAL -> day;
    };
  }

  /**
   * Returns a part of the budget in words.
   *
   * @param amount as {@link #limit()} has it
   * @return such as {@code 0.01 USD} or {@code 3600 s of GPU time}
   */
  public String text(BigDecimal amount) {
    Money most = money;
    return most != null
        ? new Money(amount, most.currency()).toString()
        : amount.stripTrailingZeros().toPlainString() + " s of GPU time";
  }

  /**
   * Returns the budget in words.
   *
   * @return such as {@code 20 USD per month}
   */
  public String describe() {
    return text(limit())
        + switch (period) {
          case DAY -> " per day";
          case WEEK -> " per week";
          case MONTH -> " per month";
          case TOTAL -> " in total";
        };
  }
}
