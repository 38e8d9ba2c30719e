package dev.autodeploy.internal.store;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.Billing;
import dev.autodeploy.Charge;
import dev.autodeploy.Money;
import dev.autodeploy.Rate;
import dev.autodeploy.internal.spec.Fields;
import dev.autodeploy.internal.spec.FormatException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Prices, charges and callers as JSON. */
final class BillingJson {

  private BillingJson() {}

  static ObjectNode write(Billing billing) {
    ObjectNode json = StrictJson.object();
    if (billing.caller() != null) {
      json.put("caller", billing.caller());
    }
    putBusyBy(json, billing.busyBy());
    if (billing.gpuModel() != null) {
      json.put("gpuModel", billing.gpuModel());
    }
    if (billing.gpus() != 0) {
      json.put("gpus", billing.gpus());
    }
    if (!billing.charges().isEmpty()) {
      ArrayNode charges = json.putArray("charges");
      for (Charge charge : billing.charges()) {
        ObjectNode one = charges.addObject();
        one.put("from", charge.from().toString());
        one.put("amount", charge.amount().amount().toString());
        one.put("currency", charge.amount().currency().getCurrencyCode());
        if (charge.rate() != null) {
          one.set("rate", write(charge.rate()));
        }
      }
    }
    if (billing.takenOver()) {
      json.put("takenOver", true);
    }
    return json;
  }

  static Billing read(Fields json) throws FormatException {
    List<Charge> charges = new ArrayList<>();
    if (json.has("charges")) {
      for (Fields one : json.objects("charges")) {
        charges.add(new Charge(one.instant("from"), rateOrNull(one), money(one, "amount")));
        one.end();
      }
    }
    Billing billing =
        new Billing(
            json.textOrNull("caller"),
            busyBy(json),
            json.textOrNull("gpuModel"),
            json.has("gpus") ? json.integer("gpus") : 0,
            charges,
            json.has("takenOver") && json.bool("takenOver"));
    json.end();
    return billing;
  }

  static ObjectNode write(Rate rate) {
    ObjectNode json = StrictJson.object();
    json.put("perHour", rate.perHour().amount().toString());
    json.put("currency", rate.perHour().currency().getCurrencyCode());
    if (rate.unit() == Rate.Unit.GPU) {
      json.put("gpus", rate.units());
    } else if (rate.units() != 1) {
      json.put("units", rate.units());
    }
    if (!rate.step().isZero()) {
      json.put("step", rate.step().toString());
    }
    if (!rate.minimum().isZero()) {
      json.put("minimum", rate.minimum().toString());
    }
    return json;
  }

  static @Nullable Rate rateOrNull(Fields json) throws FormatException {
    if (!json.has("rate")) {
      return null;
    }
    Fields rate = json.object("rate");
    boolean byGpu = rate.has("gpus");
    Rate read =
        new Rate(
            money(rate, "perHour"),
            byGpu ? Rate.Unit.GPU : Rate.Unit.INSTANCE,
            byGpu ? rate.integer("gpus") : rate.has("units") ? rate.integer("units") : 1,
            rate.has("step") ? rate.duration("step") : Duration.ZERO,
            rate.has("minimum") ? rate.duration("minimum") : Duration.ZERO);
    rate.end();
    return read;
  }

  private static Money money(Fields json, String name) throws FormatException {
    return money(json, name, json.text("currency"));
  }

  static Money money(Fields json, String name, String currency) throws FormatException {
    try { // leniently: whatever amount a cost meter gave has to be readable
      return new Money(new BigDecimal(json.text(name)), Money.of("0", currency).currency());
    } catch (NumberFormatException e) {
      throw json.bad(name, "must be a decimal number");
    }
  }

  static void putBusyBy(ObjectNode json, Map<String, Duration> busyBy) {
    if (!busyBy.isEmpty()) {
      ObjectNode shares = json.putObject("busyBy");
      new TreeMap<>(busyBy).forEach((name, time) -> shares.put(name, time.toString()));
    }
  }

  static Map<String, Duration> busyBy(Fields json) throws FormatException {
    Map<String, Duration> busyBy = new TreeMap<>();
    if (json.has("busyBy")) {
      Fields shares = json.object("busyBy");
      for (String name : shares.names()) {
        busyBy.put(name, shares.duration(name));
      }
      shares.end();
    }
    return busyBy;
  }
}
