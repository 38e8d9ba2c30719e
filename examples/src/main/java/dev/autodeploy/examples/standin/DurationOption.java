package dev.autodeploy.examples.standin;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads durations as people type them on a command line: {@code 500ms}, {@code 2s}, {@code 5m}. */
public final class DurationOption {
  private static final Pattern DURATION = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,9})?)(ms|s|m|h)");

  private DurationOption() {}

  /**
   * Reads a duration.
   *
   * @param option the option, for the message
   * @param text what was typed
   * @param max the longest that is allowed
   * @return the duration
   * @throws IllegalArgumentException if it is none or too long; the message is fit for the user
   */
  public static Duration parse(String option, String text, Duration max) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          option + " is '" + text + "'; write a number and ms, s, m or h, such as 2s");
    }
    int millisPerUnit =
        switch (matcher.group(2)) {
          case "ms" -> 1;
          case "s" -> 1_000;
          case "m" -> 60_000;
          default -> 3_600_000;
        };
    BigDecimal millis =
        new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(millisPerUnit));
    Duration duration = Duration.ofMillis(millis.longValue());
    if (duration.compareTo(max) > 0) {
      throw new IllegalArgumentException(
          option + " is '" + text + "'; at most " + max.toMinutes() + "m is allowed");
    }
    return duration;
  }
}
