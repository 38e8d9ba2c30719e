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
  private static final int HOUR = 3600;
  private static final int DAY = 24 * HOUR;

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

  /** Returns the beginning of the day of a moment, in seconds since 1970. */
  public long day(long moment) {
    return day((int) Math.floorDiv(moment - seconds, (long) DAY));
  }

  /** Returns the beginning of a day by its number since 1970. */
  long day(int number) {
    return number * (long) DAY + seconds;
  }

  /** Returns the beginning of the hour of a moment, in seconds since 1970. */
  public long hour(long moment) {
    return hour((int) Math.floorDiv(moment - seconds, (long) HOUR));
  }

  /** Returns the beginning of an hour by its number since 1970. */
  long hour(int number) {
    return number * (long) HOUR + seconds;
  }

  /** Returns the number of the day, or of the hour, of a moment. */
  int number(long moment, boolean day) {
    return (int) Math.floorDiv(moment - seconds, day ? (long) DAY : (long) HOUR);
  }
}
