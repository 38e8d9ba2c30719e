package dev.autodeploy.internal.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.spec.Fields;
import dev.autodeploy.internal.spec.FormatException;
import dev.autodeploy.internal.spec.GpuJson;
import dev.autodeploy.spi.LedgerEntry;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** An entry of the ledger as JSON. Each says by itself what happened to which instance and when. */
final class LedgerCodec {

  /** Longer than the time between any two instants of a ledger. */
  private static final Duration LONGEST = Duration.ofDays(100_000);

  private LedgerCodec() {}

  static ObjectNode write(LedgerEntry entry) {
    ObjectNode json = Json.object();
    if (entry instanceof LedgerEntry.Started started) {
      json.put("type", "started");
      json.put("deployment", started.deployment());
      json.put("instance", started.instanceId());
      json.set("gpu", GpuJson.write(started.gpu()));
      json.put("at", started.at().toString());
    } else if (entry instanceof LedgerEntry.Used used) {
      json.put("type", "used");
      json.put("instance", used.instanceId());
      json.put("readyAt", used.readyAt().toString());
      json.put("lastUsedAt", used.lastUsedAt().toString());
      json.put("busy", used.busy().toString());
    } else if (entry instanceof LedgerEntry.Prepared prepared) {
      json.put("type", "prepared");
      json.put("instance", prepared.instanceId());
      json.put("preparing", prepared.preparing().toString());
      putIfSet(json, "since", prepared.since());
    } else if (entry instanceof LedgerEntry.Released released) {
      UsageInterval usage = released.usage();
      json.put("type", "released");
      json.put("deployment", usage.deployment());
      json.put("instance", usage.instanceId());
      json.set("gpu", GpuJson.write(usage.gpu()));
      json.put("startRequestedAt", usage.startRequestedAt().toString());
      putIfSet(json, "readyAt", usage.readyAt());
      putIfSet(json, "releaseRequestedAt", usage.releaseRequestedAt());
      json.put("endedAt", usage.endedAt().toString());
      json.put("busy", usage.busy().toString());
      if (!usage.preparing().isZero()) {
        json.put("preparing", usage.preparing().toString());
      }
    } else {
      throw new IllegalArgumentException("no such entry: " + entry.getClass());
    }
    return json;
  }

  private static void putIfSet(ObjectNode json, String name, @Nullable Instant value) {
    if (value != null) {
      json.put(name, value.toString());
    }
  }

  static LedgerEntry read(Fields json) throws FormatException {
    LedgerEntry entry;
    try {
      entry = readType(json);
    } catch (IllegalArgumentException e) {
      throw json.bad(e.getMessage());
    }
    json.end();
    return entry;
  }

  private static LedgerEntry readType(Fields json) throws FormatException {
    return switch (json.text("type")) {
      case "started" ->
          new LedgerEntry.Started(
              json.text("deployment"),
              json.text("instance"),
              GpuJson.read(json.object("gpu")),
              json.instant("at"));
      case "used" ->
          new LedgerEntry.Used(
              json.text("instance"),
              json.instant("readyAt"),
              json.instant("lastUsedAt"),
              duration(json, "busy"));
      case "prepared" ->
          new LedgerEntry.Prepared(
              json.text("instance"), duration(json, "preparing"), json.instantOrNull("since"));
      case "released" ->
          new LedgerEntry.Released(
              new UsageInterval(
                  json.text("deployment"),
                  json.text("instance"),
                  GpuJson.read(json.object("gpu")),
                  json.instant("startRequestedAt"),
                  json.instantOrNull("readyAt"),
                  json.instantOrNull("releaseRequestedAt"),
                  json.instant("endedAt"),
                  false,
                  duration(json, "busy"),
                  json.has("preparing") ? duration(json, "preparing") : Duration.ZERO));
      default -> throw json.bad("type", "must be started, used, prepared or released");
    };
  }

  private static Duration duration(Fields json, String name) throws FormatException {
    Duration duration = json.duration(name);
    if (duration.compareTo(LONGEST) > 0) {
      throw json.bad(name, "must be at most " + LONGEST.toDays() + " days");
    }
    return duration;
  }
}
