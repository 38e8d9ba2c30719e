package dev.autodeploy.internal.ledger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.autodeploy.CostKey;
import dev.autodeploy.CostLine;
import dev.autodeploy.Costs;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Currency;
import java.util.List;
import java.util.Objects;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The sums of a page of the ledger as text, readable by eye: a line of JSON for each deployment,
 * GPU model, caller and currency, and behind it a line for each day, or for each hour: {@code d}
 * and the day's number since 1970, or the hour's number, the money of starting, busy, idle,
 * sleeping and releasing instances, and the seconds. A page of an earlier version has the days and
 * behind them the hours.
 */
final class SumText {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TAKEN_OVER = "takenOver";
  private static final char DAYS = 'd';

  private SumText() {}

  /** Returns the pages of the sums of some intervals, in the order of their names. */
  static List<List<String>> of(List<UsageInterval> usage, Instant from, Instant to) {
    List<List<String>> pages = new ArrayList<>();
    for (CostAlignment alignment : CostAlignment.values()) {
      Instant begin = Instant.ofEpochSecond(alignment.startOfHour(from.getEpochSecond()));
      Instant end = Instant.ofEpochSecond(alignment.startOfHour(to.getEpochSecond()));
      Costs costs = Costs.of(usage, begin, end.plus(1, ChronoUnit.HOURS)).in(alignment.zone());
      pages.add(page(costs, CostKey.DAY, alignment));
      pages.add(page(costs, CostKey.HOUR, alignment));
    }
    return pages;
  }

  private static List<String> page(Costs costs, CostKey period, CostAlignment alignment) {
    List<String> lines = new ArrayList<>();
    @Nullable String[] key = {};
    for (CostLine line : costs.by(CostKey.DEPLOYMENT, CostKey.GPU_MODEL, CostKey.CALLER, period)) {
      String currency = line.currency().getCurrencyCode();
      @Nullable String[] own = {line.deployment(), line.gpuModel(), line.caller(), currency};
      if (!Arrays.equals(own, key)) {
        key = own;
        lines.add(json(own));
      }
      long at = line.from().getEpochSecond();
      String when =
          period == CostKey.DAY
              ? DAYS + Long.toString(alignment.numberOfDay(at))
              : Long.toString(alignment.numberOfHour(at));
      lines.add(sum(when, line));
    }
    return lines;
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

  /** Reads the sums by day of a page whose checksum is right. */
  static List<CostLine> days(List<String> lines, CostAlignment alignment) {
    List<CostLine> days = new ArrayList<>(lines.size());
    Reader reader = new Reader(Duration.ofDays(1));
    for (String line : lines) {
      if (line.startsWith("[")) {
        reader.key(line);
      } else if (!line.isEmpty()) {
        if (line.charAt(0) != DAYS) {
          break; // the hours of an earlier version
        }
        reader.begin(line, 1);
        days.add(reader.sum(alignment.startOfDayNumbered(reader.integer())));
      }
    }
    return days;
  }

  /**
   * Reads sums by hour of a page whose checksum is right.
   *
   * @param wanted chooses them by the second, since 1970, in which the hour begins; others are not
   *     even read
   */
  static List<CostLine> hours(List<String> lines, CostAlignment alignment, LongPredicate wanted) {
    List<CostLine> hours = new ArrayList<>();
    Reader reader = new Reader(Duration.ofHours(1));
    for (String line : lines) {
      if (line.startsWith("[")) {
        reader.key(line);
      } else if (!line.isEmpty() && line.charAt(0) != DAYS) {
        reader.begin(line, 0);
        long begin = alignment.startOfHourNumbered(reader.integer());
        if (wanted.test(begin)) {
          hours.add(reader.sum(begin));
        }
      }
    }
    return hours;
  }

  /** The names in common of the lines behind it; {@code zero} is nothing of their currency. */
  private record Key(
      @Nullable String deployment, @Nullable String gpuModel, @Nullable String caller, Money zero) {

    static Key read(String json) {
      try {
        @Nullable String[] names = JSON.readValue(json, String[].class);
        Currency currency = Currency.getInstance(Objects.requireNonNull(names[3], "currency"));
        return new Key(names[0], names[1], names[2], Money.zero(currency));
      } catch (JsonProcessingException e) {
        throw new IllegalStateException("sums with a right checksum cannot be read", e);
      }
    }
  }

  /** Reads the lines of one page, one after the other. Not thread-safe. */
  private static final class Reader {
    private final Duration length;
    private String json = "";
    private @Nullable Key known;
    private String line = "";
    private int at;

    Reader(Duration length) {
      this.length = length;
    }

    /** Goes on with another key, which is read when it is needed. */
    void key(String newJson) {
      json = newJson;
      known = null;
    }

    private Key key() {
      Key key = known;
      if (key == null) {
        key = Key.read(json);
        known = key;
      }
      return key;
    }

    void begin(String newLine, int column) {
      line = newLine;
      at = column;
    }

    long integer() {
      int end = end();
      long number = Long.parseLong(line, at, end, 10);
      next(end);
      return number;
    }

    /** Reads what follows the number. */
    CostLine sum(long begin) {
      Key key = key();
      Instant from = Instant.ofEpochSecond(begin);
      return new CostLine(
          key.deployment,
          from,
          from.plus(length),
          key.gpuModel,
          key.caller,
          key.zero.currency(),
          money(key.zero),
          money(key.zero),
          money(key.zero),
          money(key.zero),
          money(key.zero),
          time(),
          time(),
          time(),
          time(),
          time(),
          at < line.length());
    }

    private Money money(Money zero) {
      return isZero() ? zero : new Money(decimal(), zero.currency());
    }

    /** Reads a decimal number; one that fits in a long, as most do, needs no text of its own. */
    private BigDecimal decimal() {
      int end = end();
      long digits = 0;
      int point = end;
      for (int i = at; i < end; i++) {
        char c = line.charAt(i);
        if (c == '.') {
          point = i + 1;
        } else if (c < '0' || c > '9' || digits > Long.MAX_VALUE / 10 - 1) {
          BigDecimal number = new BigDecimal(line.substring(at, end));
          next(end);
          return number;
        } else {
          digits = 10 * digits + c - '0';
        }
      }
      next(end);
      return BigDecimal.valueOf(digits, end - point);
    }

    private Duration time() {
      if (isZero()) {
        return Duration.ZERO;
      }
      int end = end();
      int point = line.indexOf('.', at);
      int whole = point < 0 || point > end ? end : point;
      long seconds = Long.parseLong(line, at, whole, 10);
      int nanos = 0;
      for (int i = whole + 1; i < whole + 10; i++) {
        nanos = 10 * nanos + (i < end ? line.charAt(i) - '0' : 0);
      }
      next(end);
      return Duration.ofSeconds(seconds, nanos);
    }

    /** Returns whether the next column is 0, as many are; goes behind it then. */
    private boolean isZero() {
      int end = at + 1;
      if (line.charAt(at) != '0' || (end < line.length() && line.charAt(end) != ' ')) {
        return false;
      }
      next(end);
      return true;
    }

    private int end() {
      int space = line.indexOf(' ', at);
      return space < 0 ? line.length() : space;
    }

    private void next(int end) {
      at = Math.min(end + 1, line.length());
    }
  }
}
