package dev.autodeploy.internal.util;

import java.math.BigDecimal;
import java.time.Duration;

/** Durations in messages. */
public final class Durations {
  private Durations() {}

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
