package dev.autodeploy.examples.breezyvoice;

import dev.autodeploy.Money;
import java.time.Duration;
import java.util.Locale;

/** Durations and money as the launcher prints them. */
final class Texts {
  private Texts() {}

  /** Returns such as {@code 1.84 s}, {@code 3 s}, {@code 5 min} or {@code 5 min 12 s}. */
  static String of(Duration duration) {
    long millis = duration.toMillis();
    if (millis < 60_000) {
      String seconds = String.format(Locale.ROOT, "%.2f", millis / 1000.0);
      return seconds.replaceFirst("\\.?0+$", "") + " s";
    }
    long seconds = Math.round(millis / 1000.0);
    String rest = seconds % 60 == 0 ? "" : " " + seconds % 60 + " s";
    return seconds < 3600
        ? seconds / 60 + " min" + rest
        : seconds / 3600 + " h " + (seconds / 60) % 60 + " min";
  }

  /** Returns such as {@code 0.041 USD}; small amounts keep digits that say something. */
  static String of(Money money) {
    boolean small = money.amount().signum() != 0 && money.amount().abs().doubleValue() < 0.01;
    return money.rounded(small ? 6 : 3).toString();
  }
}
