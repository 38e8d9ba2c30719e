package dev.autodeploy.internal.replay;

import dev.autodeploy.replay.Traffic;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * Lines of an access log: {@code host ident user [time] "request" status bytes}, whatever follows,
 * and optionally how long the request took. Read from left to right: a request or a user agent may
 * contain anything, of which quotes and backslashes are escaped.
 */
public final class AccessLogLine implements TrafficLine {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.ENGLISH);

  @Override
  public boolean isHeading(String line) {
    return false;
  }

  @Override
  public boolean addTo(Traffic.Builder traffic, String line, Duration busy, String path) {
    int open = line.indexOf(" [");
    int close = line.indexOf(']', open + 1);
    if (open < 0 || close < 0) {
      throw expected("there is no time in brackets");
    }
    Instant at = time(line.substring(open + 2, close));
    int quote = line.indexOf('"', close);
    int end = quote < 0 ? -1 : endOfQuoted(line, quote);
    if (end < 0) {
      throw expected("there is no request in quotes");
    }
    String rest = line.substring(end + 1).strip();
    if (!rest.matches("[0-9]{3}(\\s.*)?")) {
      throw expected("there is no status of three digits after the request");
    }
    if (!target(line.substring(quote + 1, end)).startsWith(path)) {
      return false;
    }
    String last = rest.substring(rest.lastIndexOf(' ') + 1);
    if (last.matches("[0-9]+\\.[0-9]+")) {
      Duration took = CsvLine.seconds(last, "the time that it took,", CsvLine.LONGEST);
      traffic.add(at.minus(took), took);
    } else if (rest.split("\\s+", 3).length == 3 && last.matches("[0-9]+")) {
      traffic.add(at, micros(last));
    } else {
      traffic.add(at, busy);
    }
    return true;
  }

  private static IllegalArgumentException expected(String problem) {
    return new IllegalArgumentException(
        problem
            + "; expected is 'host ident user [10/Oct/2026:13:55:36 +0000] \"GET / HTTP/1.1\" 200"
            + " 2326', with anything after it");
  }

  private static Instant time(String text) {
    try {
      return OffsetDateTime.parse(text, TIME).toInstant();
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "the time '" + CsvLine.shown(text) + "' is not one such as 10/Oct/2026:13:55:36 +0000",
          e);
    }
  }

  private static int endOfQuoted(String line, int quote) {
    for (int i = quote + 1; i < line.length(); i++) {
      if (line.charAt(i) == '\\') {
        i++;
      } else if (line.charAt(i) == '"') {
        return i;
      }
    }
    return -1;
  }

  /** Returns the target of a request line, or an empty text if it is something else. */
  private static String target(String request) {
    String[] words = request.split(" ", 3);
    return words.length < 2 ? "" : words[1];
  }

  private static Duration micros(String digits) {
    BigDecimal micros = new BigDecimal(digits.length() > 12 ? digits.substring(0, 12) : digits);
    return CsvLine.seconds(
        micros.movePointLeft(6).toPlainString(), "the time that it took,", CsvLine.LONGEST);
  }
}
