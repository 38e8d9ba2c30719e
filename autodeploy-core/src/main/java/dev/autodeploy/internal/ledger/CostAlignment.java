package dev.autodeploy.internal.ledger;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** The moments at which the hours and the days of sums begin. */
public enum CostAlignment {
  /** Hours of UTC, which are those of most time zones, and days of UTC. */
  FULL_HOUR(0, 0),

  /** Hours that begin at half past, as in India, and days that begin at half past midnight. */
  HALF_PAST(1800, 2);

  private static final Instant LATEST = Instant.parse("9999-01-01T00:00:00Z");
  private static final long HOUR = 3600;
  private static final long DAY = 24 * HOUR;

  private final int seconds;
  private final int firstPage;

  CostAlignment(int seconds, int firstPage) {
    this.seconds = seconds;
    this.firstPage = firstPage;
  }

  /**
   * Returns the one whose hours are those of a zone; that of UTC for zones of quarter hours.
   *
   * @param from a moment; one that is at no date, as {@link Instant#MIN}, stands for 1970
   */
  public static CostAlignment of(ZoneId zone, Instant from) {
    boolean isDate = from.isAfter(Instant.EPOCH) && from.isBefore(LATEST);
    int offset = zone.getRules().getOffset(isDate ? from : Instant.EPOCH).getTotalSeconds();
    return Math.floorMod(offset, HOUR) == HALF_PAST.seconds ? HALF_PAST : FULL_HOUR;
  }

  /** Returns which of the pages of sums has its days; its hours follow. */
  int firstPage() {
    return firstPage;
  }

  /** Returns a zone whose days and hours begin at these moments. */
  ZoneOffset zone() {
    return ZoneOffset.ofTotalSeconds(-seconds);
  }

  /** Returns the beginning of the day of a moment, both in seconds since 1970. */
  public long startOfDay(long moment) {
    return startOfDayNumbered(number(moment, DAY));
  }

  /** Returns the beginning of the hour of a moment, both in seconds since 1970. */
  public long startOfHour(long moment) {
    return startOfHourNumbered(number(moment, HOUR));
  }

  /** Returns the beginning of a day by its number since 1970. */
  long startOfDayNumbered(long number) {
    return number * DAY + seconds;
  }

  /** Returns the beginning of an hour by its number since 1970. */
  long startOfHourNumbered(long number) {
    return number * HOUR + seconds;
  }

  /** Returns the number since 1970 of the day of a moment. */
  long numberOfDay(long moment) {
    return number(moment, DAY);
  }

  /** Returns the number since 1970 of the hour of a moment. */
  long numberOfHour(long moment) {
    return number(moment, HOUR);
  }

  private long number(long moment, long length) {
    return Math.floorDiv(moment - seconds, length);
  }
}
