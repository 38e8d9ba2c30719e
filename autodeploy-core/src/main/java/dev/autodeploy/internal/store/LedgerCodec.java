package dev.autodeploy.internal.store;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.Billing;
import dev.autodeploy.Money;
import dev.autodeploy.Rate;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.spec.BudgetJson;
import dev.autodeploy.internal.spec.Fields;
import dev.autodeploy.internal.spec.FormatException;
import dev.autodeploy.internal.spec.GpuJson;
import dev.autodeploy.spi.LedgerEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An entry of the ledger as JSON. Each says by itself what happened to which instance and when. */
final class LedgerCodec {

  /** Longer than the time between any two instants of a ledger. */
  private static final Duration LONGEST = Duration.ofDays(100_000);

  private LedgerCodec() {}

  static ObjectNode write(LedgerEntry entry) {
    ObjectNode json = StrictJson.object();
    if (entry instanceof LedgerEntry.Started started) {
      json.put("type", "started");
      json.put("deployment", started.deployment());
      json.put("instance", started.instanceId());
      json.set("gpu", GpuJson.write(started.gpu()));
      json.put("at", started.at().toString());
      putRate(json, started.rate());
      putText(json, "caller", started.caller());
    } else if (entry instanceof LedgerEntry.Used used) {
      json.put("type", "used");
      json.put("instance", used.instanceId());
      json.put("readyAt", used.readyAt().toString());
      json.put("lastUsedAt", used.lastUsedAt().toString());
      json.put("busy", used.busy().toString());
      BillingJson.putBusyBy(json, used.busyBy());
    } else if (entry instanceof LedgerEntry.Repriced repriced) {
      json.put("type", "repriced");
      json.put("instance", repriced.instanceId());
      json.set("billing", BillingJson.write(repriced.billing()));
      json.put("at", repriced.at().toString());
      putRate(json, repriced.rate());
    } else if (entry instanceof LedgerEntry.Prepared prepared) {
      json.put("type", "prepared");
      json.put("instance", prepared.instanceId());
      json.put("preparing", prepared.preparing().toString());
      putIfSet(json, "since", prepared.since());
    } else if (entry instanceof LedgerEntry.Slept slept) {
      json.put("type", "slept");
      json.put("instance", slept.instanceId());
      json.put("asleep", slept.asleep().toString());
      putIfSet(json, "since", slept.since());
      if (slept.keepsRoom()) {
        json.put("keepsRoom", true);
      }
    } else if (entry instanceof LedgerEntry.Released released) {
      json.put("type", "released");
      putUsage(json, released.usage());
    } else if (entry instanceof LedgerEntry.Recharged recharged) {
      json.put("type", "recharged");
      putUsage(json, recharged.usage());
    } else if (entry instanceof LedgerEntry.Page page) {
      json.put("type", "page");
      json.put("page", page.name());
      json.put("intervals", page.intervals());
      json.put("checksum", page.checksum());
      ArrayNode sums = json.putArray("sums");
      page.sums().forEach(sums::add);
      json.put("from", page.from().toString());
      json.put("to", page.to().toString());
    } else if (entry instanceof LedgerEntry.Carried carried) {
      json.put("type", "carried");
      json.put("deployment", carried.deployment());
      json.put("since", carried.since().toString());
      json.put("currency", carried.busy().currency().getCurrencyCode());
      putMoney(json, "starting", carried.starting());
      putMoney(json, "busy", carried.busy());
      putMoney(json, "idle", carried.idle());
      putMoney(json, "asleep", carried.asleep());
      putMoney(json, "releasing", carried.releasing());
      json.put("gpuTime", carried.gpuTime().toString());
    } else if (entry instanceof LedgerEntry.Budgeted budgeted) {
      json.put("type", "budgeted");
      json.put("at", budgeted.at().toString());
      BudgetJson.write(budgeted.built(), json, "built", false);
      BudgetJson.write(budgeted.budget(), json, "budget", false);
    } else {
      throw new IllegalArgumentException("no such entry: " + entry.getClass());
    }
    return json;
  }

  private static void putUsage(ObjectNode json, UsageInterval usage) {
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
    SleepTimesJson.put(json, usage);
    if (!usage.billing().equals(Billing.NONE)) {
      json.set("billing", BillingJson.write(usage.billing()));
    }
  }

  private static void putRate(ObjectNode json, @Nullable Rate rate) {
    if (rate != null) {
      json.set("rate", BillingJson.write(rate));
    }
  }

  private static void putMoney(ObjectNode json, String name, Money money) {
    json.put(name, money.amount().toString());
  }

  private static void putText(ObjectNode json, String name, @Nullable String value) {
    if (value != null) {
      json.put(name, value);
    }
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
              json.instant("at"),
              BillingJson.rateOrNull(json),
              json.textOrNull("caller"));
      case "used" ->
          new LedgerEntry.Used(
              json.text("instance"),
              json.instant("readyAt"),
              json.instant("lastUsedAt"),
              duration(json, "busy"),
              BillingJson.busyBy(json));
      case "repriced" ->
          new LedgerEntry.Repriced(
              json.text("instance"),
              BillingJson.read(json.object("billing")),
              json.instant("at"),
              BillingJson.rateOrNull(json));
      case "prepared" ->
          new LedgerEntry.Prepared(
              json.text("instance"), duration(json, "preparing"), json.instantOrNull("since"));
      case "slept" ->
          new LedgerEntry.Slept(
              json.text("instance"),
              duration(json, "asleep"),
              json.instantOrNull("since"),
              json.has("keepsRoom") && json.bool("keepsRoom"));
      case "released" -> new LedgerEntry.Released(usage(json));
      case "recharged" -> new LedgerEntry.Recharged(usage(json));
      case "page" ->
          new LedgerEntry.Page(
              json.text("page"),
              json.integer("intervals"),
              json.text("checksum"),
              json.isText("sums") ? List.of(json.text("sums")) : json.texts("sums"),
              json.instant("from"),
              json.instant("to"));
      case "carried" -> carried(json);
      case "budgeted" ->
          new LedgerEntry.Budgeted(
              json.instant("at"),
              BudgetJson.readIfSet(json, "built"),
              BudgetJson.readIfSet(json, "budget"));
      default ->
          throw json.bad(
              "type",
              "must be started, used, prepared, slept, repriced, released, recharged, page,"
                  + " carried or budgeted");
    };
  }

  private static LedgerEntry carried(Fields json) throws FormatException {
    String currency = json.text("currency");
    return new LedgerEntry.Carried(
        json.text("deployment"),
        json.instant("since"),
        BillingJson.money(json, "starting", currency),
        BillingJson.money(json, "busy", currency),
        BillingJson.money(json, "idle", currency),
        BillingJson.money(json, "asleep", currency),
        BillingJson.money(json, "releasing", currency),
        json.duration("gpuTime"));
  }

  private static UsageInterval usage(Fields json) throws FormatException {
    Instant start = json.instant("startRequestedAt");
    Instant ready = json.instantOrNull("readyAt");
    return UsageInterval.builder(json.text("deployment"), json.text("instance"), start)
        .gpu(GpuJson.read(json.object("gpu")))
        .readyAt(ready)
        .releaseRequestedAt(json.instantOrNull("releaseRequestedAt"))
        .endedAt(json.instant("endedAt"))
        .busy(duration(json, "busy"))
        .preparing(json.has("preparing") ? duration(json, "preparing") : Duration.ZERO)
        .sleeps(SleepTimesJson.read(json, ready == null ? start : ready))
        .billing(json.has("billing") ? BillingJson.read(json.object("billing")) : Billing.NONE)
        .build();
  }

  static Duration duration(Fields json, String name) throws FormatException {
    Duration duration = json.duration(name);
    if (duration.compareTo(LONGEST) > 0) {
      throw json.bad(name, "must be at most " + LONGEST.toDays() + " days");
    }
    return duration;
  }
}
