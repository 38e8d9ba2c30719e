package dev.autodeploy.internal.util;

import java.math.BigDecimal;
import java.time.Duration;

/** Durations in messages, and as numbers. */
public final class Durations {
  /** The longest that is counted: nanoseconds of much more would not fit a long. */
  private static final Duration LONGEST = Duration.ofDays(3650);

  private Durations() {}

  /**
   * Returns a duration in nanoseconds, or those of ten years if it is longer.
   *
   * @param duration the duration
   * @return the nanoseconds
   */
  public static long nanos(Duration duration) {
    return duration.compareTo(LONGEST) > 0 ? LONGEST.toNanos() : duration.toNanos();
  }

  /**
   * Returns such as {@code 90 s} or {@code 1.5 ms}: exact, and without an overflow for any
   * duration, since what is refused may well be absurd.
   *
   * @param duration the duration
   * @return the text
   */
  public static String text(Duration duration) {
    if (duration.toNanosPart() == 0) {
      return duration.toSeconds() + " s";
    }
    BigDecimal millis =
        BigDecimal.valueOf(duration.toSeconds())
            .movePointRight(3)
            .add(BigDecimal.valueOf(duration.toNanosPart(), 6));
    return millis.stripTrailingZeros().toPlainString() + " ms";
  }
}
