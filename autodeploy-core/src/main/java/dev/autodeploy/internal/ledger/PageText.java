package dev.autodeploy.internal.ledger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.autodeploy.CostKey;
import dev.autodeploy.CostLine;
import dev.autodeploy.Costs;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.store.StateText;
import dev.autodeploy.spi.LedgerEntry;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Currency;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Pages of the ledger as text, readable by eye: a page of intervals has them as the ledger had
 * them, a line of JSON each; a page of sums has a line of JSON for each deployment, GPU model,
 * caller and currency, and behind it a line for each day of UTC: {@code d} and its number since
 * 1970, the money of starting, busy, idle, sleeping and releasing instances, and the seconds. Then
 * it has the same once more for each hour. Pages of earlier versions have hours alone.
 */
final class PageText {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String START = "\"startRequestedAt\":\"";
  private static final String END = "\"endedAt\":\"";
  private static final String TAKEN_OVER = "takenOver";
  private static final String DAYS = "d";
  private static final long HOUR = 3600;
  private static final long DAY = 24 * HOUR;

  private PageText() {}

  static List<String> intervals(List<UsageInterval> usage) {
    return usage.stream().map(one -> StateText.write(new LedgerEntry.Released(one))).toList();
  }

  /** Reads intervals; those that are not wanted are not even read. */
  static void intervals(
      List<String> lines,
      String place,
      BiPredicate<Instant, Instant> wanted,
      Consumer<UsageInterval> each) {
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (wanted.test(instant(line, START), instant(line, END))
          && StateText.entry(line, place + ", line " + (i + 1))
              instanceof LedgerEntry.Released released) {
        each.accept(released.usage());
      }
    }
  }

  /** Reads a field of a line whose checksum is right, so that it is one of ours. */
  private static Instant instant(String line, String field) {
    int from = line.indexOf(field) + field.length();
    return Instant.parse(line.substring(from, line.indexOf('"', from)));
  }

  static List<String> sums(List<UsageInterval> usage) {
    Instant from = Instant.MAX;
    Instant to = Instant.MIN;
    for (UsageInterval one : usage) {
      from = one.startRequestedAt().isBefore(from) ? one.startRequestedAt() : from;
      to = one.endedAt().isAfter(to) ? one.endedAt() : to;
    }
    Costs costs =
        Costs.of(
            usage,
            from.truncatedTo(ChronoUnit.HOURS),
            to.truncatedTo(ChronoUnit.HOURS).plus(1, ChronoUnit.HOURS));
    List<String> lines = new ArrayList<>();
    section(costs, CostKey.DAY, lines);
    section(costs, CostKey.HOUR, lines);
    return lines;
  }

  private static void section(Costs costs, CostKey period, List<String> lines) {
    @Nullable String[] key = {};
    for (CostLine line : costs.by(CostKey.DEPLOYMENT, CostKey.GPU_MODEL, CostKey.CALLER, period)) {
      String currency = line.currency().getCurrencyCode();
      @Nullable String[] own = {line.deployment(), line.gpuModel(), line.caller(), currency};
      if (!Arrays.equals(own, key)) {
        key = own;
        lines.add(json(own));
      }
      long hour = line.from().getEpochSecond() / HOUR;
      lines.add(sum(period == CostKey.DAY ? DAYS + hour / 24 : Long.toString(hour), line));
    }
  }

  private static String json(@Nullable String[] key) {
    try {
      return JSON.writeValueAsString(key);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("names cannot be written as JSON", e);
    }
  }

  private static String sum(String when, CostLine line) {
    List<Object> columns =
        List.of(
            when,
            line.starting().amount().toPlainString(),
            line.busy().amount().toPlainString(),
            line.idle().amount().toPlainString(),
            line.asleep().amount().toPlainString(),
            line.releasing().amount().toPlainString(),
            seconds(line.startingTime()),
            seconds(line.busyTime()),
            seconds(line.idleTime()),
            seconds(line.asleepTime()),
            seconds(line.releasingTime()));
    StringBuilder text = new StringBuilder(100);
    columns.forEach(column -> text.append(text.length() == 0 ? "" : " ").append(column));
    return line.takenOver() ? text.append(' ').append(TAKEN_OVER).toString() : text.toString();
  }

  private static String seconds(Duration time) {
    return CostParts.seconds(time).stripTrailingZeros().toPlainString();
  }

  /** Reads the sums of days; none of a page that has hours alone. */
  static List<CostLine> readDays(List<String> lines) {
    return readSums(lines, true);
  }

  /** Reads the sums of hours. */
  static List<CostLine> readHours(List<String> lines) {
    return readSums(lines, false);
  }

  /** Reads sums of a page whose checksum is right. */
  private static List<CostLine> readSums(List<String> lines, boolean days) {
    List<CostLine> sums = new ArrayList<>(lines.size());
    SumReader reader = new SumReader();
    for (String line : lines) {
      if (line.startsWith("[")) {
        reader.key(line);
      } else if (!line.isEmpty() && line.startsWith(DAYS) == days) {
        sums.add(reader.sum(line));
      } else if (days) {
        break; // the hours come last
      }
    }
    return sums;
  }

  /** Reads the lines of one page, one after the other. Not thread-safe. */
  private static final class SumReader {
    private @Nullable String[] key = {null, null, null, "USD"};
    private Currency currency = Currency.getInstance("USD");
    private Money zero = Money.zero(currency);
    private String line = "";
    private int at;

    void key(String json) {
      try {
        key = JSON.readValue(json, String[].class);
      } catch (JsonProcessingException e) {
        throw new IllegalStateException("sums with a right checksum cannot be read", e);
      }
      currency = Currency.getInstance(Objects.requireNonNull(key[3], "currency"));
      zero = Money.zero(currency);
    }

    CostLine sum(String text) {
      line = text;
      at = 0;
      boolean day = text.startsWith(DAYS);
      String when = next();
      long seconds = day ? Long.parseLong(when.substring(1)) * DAY : Long.parseLong(when) * HOUR;
      Instant from = Instant.ofEpochSecond(seconds);
      return new CostLine(
          key[0],
          from,
          from.plusSeconds(day ? DAY : HOUR),
          key[1],
          key[2],
          currency,
          money(),
          money(),
          money(),
          money(),
          money(),
          time(),
          time(),
          time(),
          time(),
          time(),
          at < line.length());
    }

    private Money money() {
      return isZero() ? zero : new Money(new BigDecimal(next()), currency);
    }

    private Duration time() {
      if (isZero()) {
        return Duration.ZERO;
      }
      String seconds = next();
      int point = seconds.indexOf('.');
      if (point < 0) {
        return Duration.ofSeconds(Long.parseLong(seconds));
      }
      long nanos = Long.parseLong(seconds.substring(point + 1));
      for (int digits = seconds.length() - point - 1; digits < 9; digits++) {
        nanos *= 10;
      }
      return Duration.ofSeconds(Long.parseLong(seconds.substring(0, point)), nanos);
    }

    /** Returns whether the next column is 0, as many are; goes behind it then. */
    private boolean isZero() {
      int end = at + 1;
      if (line.charAt(at) != '0' || (end < line.length() && line.charAt(end) != ' ')) {
        return false;
      }
      at = Math.min(end + 1, line.length());
      return true;
    }

    private String next() {
      int space = line.indexOf(' ', at);
      String column = line.substring(at, space < 0 ? line.length() : space);
      at = space < 0 ? line.length() : space + 1;
      return column;
    }
  }

  static String checksum(List<String> lines) {
    CRC32C sum = new CRC32C();
    for (String line : lines) {
      sum.update(line.getBytes(StandardCharsets.UTF_8));
      sum.update('\n');
    }
    return HexFormat.of().toHexDigits((int) sum.getValue());
  }
}
