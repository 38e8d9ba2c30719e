package dev.autodeploy.internal.store;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.UsageInterval.Sleep;
import dev.autodeploy.internal.spec.Fields;
import dev.autodeploy.internal.spec.FormatException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;

/**
 * The sleeps of an interval as JSON: how long they were, and when each was. Earlier versions wrote
 * the former alone, of which the first part of the time after it was ready is made.
 */
final class SleepTimesJson {
  private SleepTimesJson() {}

  static void put(ObjectNode json, UsageInterval usage) {
    if (usage.sleeps().isEmpty()) {
      return;
    }
    json.put("asleep", usage.asleep().toString());
    ArrayNode times = json.putArray("sleeps");
    for (Sleep sleep : usage.sleeps()) {
      times.add(sleep.from() + "/" + sleep.to());
    }
  }

  static List<Sleep> read(Fields json, Instant ready) throws FormatException {
    Duration asleep = json.has("asleep") ? LedgerCodec.duration(json, "asleep") : Duration.ZERO;
    if (!json.has("sleeps")) {
      return asleep.isZero() ? List.of() : List.of(new Sleep(ready, ready.plus(asleep)));
    }
    List<Sleep> sleeps = new ArrayList<>();
    for (String time : json.texts("sleeps")) {
      int slash = time.indexOf('/');
      try {
        sleeps.add(
            new Sleep(
                Instant.parse(time.substring(0, slash)), Instant.parse(time.substring(slash + 1))));
      } catch (DateTimeParseException | IndexOutOfBoundsException e) {
        throw json.bad(
            "sleeps", "must have two instants with a slash between them, not '" + time + "'");
      }
    }
    return sleeps;
  }
}
