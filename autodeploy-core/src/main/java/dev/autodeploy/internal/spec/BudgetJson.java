package dev.autodeploy.internal.spec;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.Budget;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Money;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A budget as JSON: {@code amount} with {@code currency}, or {@code gpuTime}; {@code period},
 * {@code zone}, {@code end} and {@code minimumUse}.
 */
public final class BudgetJson {
  private BudgetJson() {}

  static void write(DeploymentSpec spec, ObjectNode json, boolean hidden) {
    write(spec.budget(), json, "budget", hidden);
  }

  /**
   * Writes a budget.
   *
   * @param budget the budget, or null for none
   * @param name the name of its member
   * @param full whether one that is not there is written as null
   */
  public static void write(@Nullable Budget budget, ObjectNode json, String name, boolean full) {
    if (budget == null) {
      if (full) {
        json.putNull(name);
      }
      return;
    }
    ObjectNode written = json.putObject(name);
    Money money = budget.money();
    Duration gpuTime = budget.gpuTime();
    if (money != null) {
      written.put("amount", full ? money.amount().toPlainString() : money.amount().toString());
      written.put("currency", money.currency().getCurrencyCode());
    }
    if (gpuTime != null) {
      written.put("gpuTime", gpuTime.toString());
    }
    written.put("period", budget.period().name().toLowerCase(Locale.ROOT));
    written.put("zone", budget.zone().getId());
    written.put("end", budget.end().name().toLowerCase(Locale.ROOT));
    written.put("minimumUse", budget.minimumUse().toString());
  }

  static void read(SpecReader reader, DeploymentSpec.Builder builder) throws FormatException {
    builder.budget(read(reader.json().object("budget")));
  }

  /** Reads a budget, or null if there is none of that name. */
  public static @Nullable Budget readIfSet(Fields json, String name) throws FormatException {
    return json.has(name) ? read(json.object(name)) : null;
  }

  /** Reads a budget. */
  public static Budget read(Fields json) throws FormatException {
    Budget budget =
        json.has("gpuTime")
            ? Budget.gpuTime(json.duration("gpuTime"))
            : Budget.money(json.amount("amount"), json.text("currency"));
    ZoneId zone = json.has("zone") ? zone(json) : ZoneOffset.UTC;
    if (json.has("period")) {
      budget = budget.per(one(json, "period", Budget.Period.class), zone);
    }
    if (json.has("end")) {
      boolean cut = one(json, "end", Budget.End.class) == Budget.End.CUT;
      budget = cut ? budget.cut() : budget.drain();
    }
    if (json.has("minimumUse")) {
      budget = budget.minimumUse(json.duration("minimumUse"));
    }
    json.end();
    return budget;
  }

  /** Reads the name of a time zone. */
  static ZoneId zone(Fields json) throws FormatException {
    try {
      return ZoneId.of(json.text("zone"));
    } catch (DateTimeException e) {
      throw json.bad("zone", "must be a time zone such as Europe/Berlin");
    }
  }

  private static <E extends Enum<E>> E one(Fields json, String name, Class<E> type)
      throws FormatException {
    String text = json.text(name);
    for (E value : type.getEnumConstants()) {
      if (value.name().toLowerCase(Locale.ROOT).equals(text)) {
        return value;
      }
    }
    StringBuilder all = new StringBuilder();
    for (E value : type.getEnumConstants()) {
      all.append(all.isEmpty() ? "" : ", ").append(value.name().toLowerCase(Locale.ROOT));
    }
    throw json.bad(name, "must be one of " + all);
  }
}
