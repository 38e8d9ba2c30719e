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
 * caller and currency, and behind it a line for each hour: its number since 1970, the money of
 * starting, busy, idle, sleeping and releasing instances, and the seconds.
 */
final class PageText {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String START = "\"startRequestedAt\":\"";
  private static final String END = "\"endedAt\":\"";
  private static final String TAKEN_OVER = "takenOver";
  private static final int COLUMNS = 11;

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
    @Nullable String[] key = {};
    for (CostLine line :
        costs.by(CostKey.DEPLOYMENT, CostKey.GPU_MODEL, CostKey.CALLER, CostKey.HOUR)) {
      String currency = line.currency().getCurrencyCode();
      @Nullable String[] own = {line.deployment(), line.gpuModel(), line.caller(), currency};
      if (!Arrays.equals(own, key)) {
        key = own;
        lines.add(json(own));
      }
      lines.add(hour(line));
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

  private static String hour(CostLine line) {
    List<Object> columns =
        List.of(
            line.from().getEpochSecond() / 3600,
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

  /** Reads sums of a page whose checksum is right. */
  static List<CostLine> readSums(List<String> lines) {
    List<CostLine> sums = new ArrayList<>(lines.size());
    @Nullable String[] key = {null, null, null, "USD"};
    Currency currency = Currency.getInstance("USD");
    for (String line : lines) {
      if (line.startsWith("[")) {
        try {
          key = JSON.readValue(line, String[].class);
        } catch (JsonProcessingException e) {
          throw new IllegalStateException("sums with a right checksum cannot be read", e);
        }
        currency = Currency.getInstance(Objects.requireNonNull(key[3], "currency"));
      } else if (!line.isEmpty()) {
        sums.add(sum(key, currency, line));
      }
    }
    return sums;
  }

  private static CostLine sum(@Nullable String[] key, Currency currency, String line) {
    String[] columns = line.split(" ", -1);
    Instant hour = Instant.ofEpochSecond(Long.parseLong(columns[0]) * 3600);
    return new CostLine(
        key[0],
        hour,
        hour.plusSeconds(3600),
        key[1],
        key[2],
        currency,
        new Money(new BigDecimal(columns[1]), currency),
        new Money(new BigDecimal(columns[2]), currency),
        new Money(new BigDecimal(columns[3]), currency),
        new Money(new BigDecimal(columns[4]), currency),
        new Money(new BigDecimal(columns[5]), currency),
        time(columns[6]),
        time(columns[7]),
        time(columns[8]),
        time(columns[9]),
        time(columns[10]),
        columns.length > COLUMNS);
  }

  private static Duration time(String seconds) {
    if (seconds.equals("0")) {
      return Duration.ZERO;
    }
    BigDecimal nanos = new BigDecimal(seconds).movePointRight(9);
    return Duration.ofNanos(nanos.longValueExact());
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
