package dev.autodeploy.internal.replay;

import dev.autodeploy.replay.Traffic;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Locale;

/** Lines of a time and, optionally, of the seconds that an instance was busy. */
public final class CsvLine implements TrafficLine {
  private static final BigDecimal NANOS = BigDecimal.valueOf(1_000_000_000);

  /** A day: what takes longer is a mistake in the unit. */
  static final BigDecimal LONGEST = BigDecimal.valueOf(86_400);

  /** The year 9999. */
  private static final BigDecimal LATEST = BigDecimal.valueOf(253_402_300_799L);

  @Override
  public boolean isHeading(String line) {
    return line.strip().toLowerCase(Locale.ROOT).startsWith("time");
  }

  @Override
  public boolean addTo(Traffic.Builder traffic, String line, Duration busy, String path) {
    String[] fields = line.split(",", -1);
    if (fields.length > 2) {
      throw new IllegalArgumentException(
          "it has " + fields.length + " fields, and 'time' or 'time,busy seconds' is expected");
    }
    String taken = fields.length < 2 ? "" : fields[1].strip();
    Instant at = time(fields[0].strip());
    traffic.add(at, taken.isEmpty() ? busy : seconds(taken, "the busy time", LONGEST));
    return true;
  }

  private static Instant time(String text) {
    if (text.matches("[0-9.]+")) {
      return Instant.EPOCH.plus(seconds(text, "the time", LATEST));
    }
    try {
      return OffsetDateTime.parse(text.replace(' ', 'T')).toInstant();
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "the time '"
              + shown(text)
              + "' is neither of ISO 8601 with a zone, such as 2026-01-31T08:30:00Z, nor in seconds"
              + " since 1970",
          e);
    }
  }

  /** Returns a time that is written in seconds. */
  static Duration seconds(String text, String what, BigDecimal longest) {
    BigDecimal value;
    try {
      value = text.length() > 30 ? null : new BigDecimal(text);
    } catch (NumberFormatException e) {
      value = null;
    }
    if (value == null || value.signum() < 0 || value.compareTo(longest) > 0) {
      throw new IllegalArgumentException(
          what + " '" + shown(text) + "' is not a number of seconds from 0 to " + longest);
    }
    return Duration.ofSeconds(value.longValue())
        .plusNanos(value.remainder(BigDecimal.ONE).multiply(NANOS).longValue());
  }

  /** Returns a text for an error message. */
  static String shown(String text) {
    String line = text.length() > 60 ? text.substring(0, 60) + "..." : text;
    return line.replaceAll("[^ -~]", "?");
  }
}
