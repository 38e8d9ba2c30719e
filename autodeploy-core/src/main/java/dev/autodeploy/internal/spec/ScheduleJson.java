package dev.autodeploy.internal.spec;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Schedule;
import dev.autodeploy.Schedule.Rule;
import dev.autodeploy.Schedule.Window;

/**
 * A schedule as JSON: the zone, and the windows, each with one of {@code warm}, {@code idleTimeout}
 * and {@code closed}.
 */
final class ScheduleJson {
  private ScheduleJson() {}

  static void write(DeploymentSpec spec, ObjectNode json, boolean hidden) {
    Schedule schedule = spec.schedule();
    if (schedule == null) {
      if (hidden) {
        json.putNull("schedule");
      }
      return;
    }
    ObjectNode written = json.putObject("schedule");
    written.put("zone", schedule.zone().getId());
    ArrayNode windows = written.putArray("windows");
    for (Window window : schedule.windows()) {
      ObjectNode w = windows.addObject();
      w.put("days", window.daysText());
      w.put("from", window.from().toString());
      w.put("to", window.toText());
      if (window.rule() instanceof Rule.Warm warm) {
        w.put("warm", warm.instances());
      } else if (window.rule() instanceof Rule.Idle idle) {
        w.put("idleTimeout", idle.timeout().toString());
      } else {
        w.put("closed", true);
      }
    }
  }

  static void read(SpecReader reader, DeploymentSpec.Builder builder) throws FormatException {
    Fields json = reader.json().object("schedule");
    Schedule schedule = Schedule.weekly(BudgetJson.zone(json));
    for (Fields window : json.objects("windows")) {
      try {
        schedule =
            schedule.with(
                Window.parse(
                    window.text("days"), window.text("from"), window.text("to"), rule(window)));
      } catch (IllegalArgumentException e) {
        throw window.bad(e.getMessage());
      }
      window.end();
    }
    json.end();
    if (!schedule.windows().isEmpty()) {
      builder.schedule(schedule);
    }
  }

  private static Rule rule(Fields window) throws FormatException {
    boolean closed = window.has("closed") && window.bool("closed");
    int rules =
        (window.has("warm") ? 1 : 0) + (window.has("idleTimeout") ? 1 : 0) + (closed ? 1 : 0);
    if (rules != 1) {
      throw window.bad("needs one of warm, idleTimeout and closed");
    }
    if (closed) {
      return new Rule.Closed();
    }
    return window.has("warm")
        ? new Rule.Warm(window.integer("warm"))
        : new Rule.Idle(window.duration("idleTimeout"));
  }
}
