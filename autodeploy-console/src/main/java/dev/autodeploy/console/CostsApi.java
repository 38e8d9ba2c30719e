package dev.autodeploy.console;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.CostKey;
import dev.autodeploy.Costs;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The costs of a period by deployment, time, GPU model and caller, as JSON and CSV. */
final class CostsApi {
  static final Set<String> PARAMETERS = Set.of("from", "to", "zone", "by", "format");

  private final AutoDeploy autoDeploy;
  private final InstantSource clock;
  private final ZoneId zone;

  CostsApi(AutoDeploy autoDeploy, InstantSource clock, ZoneId zone) {
    this.autoDeploy = autoDeploy;
    this.clock = clock;
    this.zone = zone;
  }

  JsonResponse answer(Request request) {
    ZoneId asked = zone(request);
    Instant now = clock.instant();
    Instant month =
        now.atZone(asked).toLocalDate().withDayOfMonth(1).atStartOfDay(asked).toInstant();
    Instant from = moment(request, "from", month, asked);
    Instant to = moment(request, "to", now, asked);
    if (to.isBefore(from)) {
      throw ProblemException.invalid(
          "to", "to must not be before from, but is " + to + ", and from " + from);
    }
    CostKey[] keys = keys(request);
    Costs costs = autoDeploy.costs(from, to).in(asked);
    String format = request.query().getOrDefault("format", "json");
    return switch (format) {
      case "json" -> new JsonResponse(200, "application/json", costs.toJson(keys), Map.of());
      case "csv" ->
          new JsonResponse(200, "text/csv; charset=utf-8", costs.toCsv(keys), Map.of())
              .with("Content-Disposition", "attachment; filename=\"costs.csv\"");
      default -> throw ProblemException.invalid("format", "format must be json or csv");
    };
  }

  private ZoneId zone(Request request) {
    String value = request.query().get("zone");
    try {
      return value == null ? zone : ZoneId.of(value);
    } catch (DateTimeException e) {
      throw ProblemException.invalid(
          "zone", "zone must be a time zone such as Europe/Berlin or UTC");
    }
  }

  /** Reads a moment: an instant, or the beginning of a day in the zone asked for. */
  static Instant moment(Request request, String parameter, Instant otherwise, ZoneId zone) {
    String value = request.query().get(parameter);
    if (value == null) {
      return otherwise;
    }
    try {
      return value.contains("T")
          ? ZonedDateTime.parse(value).toInstant()
          : LocalDate.parse(value).atStartOfDay(zone).toInstant();
    } catch (DateTimeException e) {
      throw ProblemException.invalid(
          parameter,
          parameter
              + " must be a day such as 2026-01-31, or a moment such as 2026-01-31T12:00:00Z");
    }
  }

  private static CostKey[] keys(Request request) {
    List<CostKey> keys = new ArrayList<>();
    String value = request.query().getOrDefault("by", "deployment");
    for (String name : value.isEmpty() ? new String[0] : value.split(",", -1)) {
      keys.add(key(name));
    }
    long periods = keys.stream().filter(CostsApi::isPeriod).distinct().count();
    if (periods > 1 || Set.copyOf(keys).size() < keys.size()) {
      throw ProblemException.invalid(
          "by", "by must name each only once, and only one of hour, day, week and month");
    }
    return keys.toArray(CostKey[]::new);
  }

  private static boolean isPeriod(CostKey key) {
    return switch (key) {
      case HOUR, DAY, WEEK, MONTH -> true;
      default -> false;
    };
  }

  private static CostKey key(String name) {
    for (CostKey key : CostKey.values()) {
      if (key.name().toLowerCase(Locale.ROOT).replace('_', '-').equals(name)) {
        return key;
      }
    }
    throw ProblemException.invalid(
        "by",
        "by must be some of deployment, gpu-model, caller and one of hour, day, week, month,"
            + " separated by commas");
  }
}
