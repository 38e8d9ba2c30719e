package dev.autodeploy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Grouped costs as CSV and as JSON, with the same columns. */
final class CostText {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * The beginning of a formula in a cell, whichever of its characters a program takes to end one.
   */
  private static final Pattern FORMULA =
      Pattern.compile("(^|\r\n|[,;|\t\r\n])(?=[ \u00A0\"]*[=+@\\-\uFF1D\uFF0B\uFF20\uFF0D])");

  private static final Pattern QUOTED = Pattern.compile("[\",;|\t\r\n]");

  private final List<CostLine> lines;
  private final ZoneId zone;
  private final List<Column> columns = new ArrayList<>();

  /**
   * A column.
   *
   * @param name its name in JSON
   * @param value its value: text, a number, a truth value, or null
   */
  private record Column(String name, Function<CostLine, @Nullable Object> value) {

    /** Returns the name in CSV: that in JSON in lower case, with underscores. */
    String header() {
      return name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }
  }

  CostText(List<CostLine> lines, ZoneId zone, Set<CostKey> keys) {
    this.lines = lines;
    this.zone = zone;
    if (keys.contains(CostKey.DEPLOYMENT)) {
      add("deployment", CostLine::deployment);
    }
    add("from", line -> time(line.from()));
    add("to", line -> time(line.to()));
    if (keys.contains(CostKey.GPU_MODEL)) {
      add("gpuModel", CostLine::gpuModel);
    }
    if (keys.contains(CostKey.CALLER)) {
      add("caller", CostLine::caller);
    }
    add("currency", line -> line.currency().getCurrencyCode());
    add("total", line -> amount(line.total()));
    add("starting", line -> amount(line.starting()));
    add("busy", line -> amount(line.busy()));
    add("idle", line -> amount(line.idle()));
    add("asleep", line -> amount(line.asleep()));
    add("releasing", line -> amount(line.releasing()));
    add("startingSeconds", line -> seconds(line.startingTime()));
    add("busySeconds", line -> seconds(line.busyTime()));
    add("idleSeconds", line -> seconds(line.idleTime()));
    add("asleepSeconds", line -> seconds(line.asleepTime()));
    add("releasingSeconds", line -> seconds(line.releasingTime()));
    add("takenOver", CostLine::takenOver);
  }

  private void add(String name, Function<CostLine, @Nullable Object> value) {
    columns.add(new Column(name, value));
  }

  private String time(Instant moment) {
    boolean written = !moment.isBefore(Instant.EPOCH) && moment.getEpochSecond() < 253_000_000_000L;
    return written
        ? DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(moment.atZone(zone))
        : moment.toString();
  }

  private static String amount(Money money) {
    return plain(money.amount()).toPlainString();
  }

  private static BigDecimal seconds(Duration time) {
    BigDecimal seconds =
        BigDecimal.valueOf(time.getSeconds()).add(BigDecimal.valueOf(time.getNano(), 9));
    return plain(seconds);
  }

  private static BigDecimal plain(BigDecimal number) {
    return number.signum() == 0 ? BigDecimal.ZERO : number.stripTrailingZeros();
  }

  String csv() {
    StringBuilder csv = new StringBuilder(100 + 150 * lines.size());
    line(csv, columns.stream().map(Column::header).toList());
    for (CostLine line : lines) {
      List<String> cells = new ArrayList<>(columns.size());
      for (Column column : columns) {
        Object value = column.value.apply(line);
        cells.add(
            value instanceof BigDecimal number
                ? number.toPlainString()
                : value == null ? "" : String.valueOf(value));
      }
      line(csv, cells);
    }
    return csv.toString();
  }

  private static void line(StringBuilder csv, List<String> cells) {
    for (int i = 0; i < cells.size(); i++) {
      csv.append(i == 0 ? "" : ",").append(cell(cells.get(i)));
    }
    csv.append("\r\n");
  }

  /**
   * Quotes what has to be, and keeps a spreadsheet from taking a caller's name for a formula: also
   * one that ends cells at another character than a comma, and then knows no quotes within.
   */
  private static String cell(String text) {
    String harmless = FORMULA.matcher(text).replaceAll("$1'");
    return QUOTED.matcher(harmless).find() ? '"' + harmless.replace("\"", "\"\"") + '"' : harmless;
  }

  /** Returns the period and its lines. */
  String json(Instant from, Instant to, List<CostKey> keys) {
    ObjectNode json = JSON.createObjectNode();
    json.put("from", time(from));
    json.put("to", time(to));
    json.put("zone", zone.getId());
    ArrayNode by = json.putArray("by");
    keys.forEach(key -> by.add(key.name().toLowerCase(Locale.ROOT).replace('_', '-')));
    ArrayNode list = json.putArray("lines");
    for (CostLine line : lines) {
      ObjectNode one = list.addObject();
      for (Column column : columns) {
        Object value = column.value.apply(line);
        if (value instanceof Boolean truth) {
          one.put(column.name, truth);
        } else if (value instanceof BigDecimal number) {
          one.put(column.name, number);
        } else {
          one.put(column.name, value == null ? null : value.toString());
        }
      }
    }
    try {
      return JSON.writeValueAsString(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("costs cannot be written as JSON", e);
    }
  }
}
