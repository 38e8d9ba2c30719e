package dev.autodeploy.internal.store;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Money;
import dev.autodeploy.Mount;
import dev.autodeploy.spi.IdlePolicy;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A deployment's specification as JSON, every setting under its own name.
 *
 * <p>All settings are written, defaults too: a stored deployment stays what it is when a default
 * changes. Absent ones are read as the default, so that a setting can be added without a new format
 * version.
 */
final class SpecCodec {

  /** The type of a probe or policy that is the application's own. */
  static final String CUSTOM = "custom";

  private static final String UNLIMITED = "unlimited";
  private static final Logger LOG = LoggerFactory.getLogger(SpecCodec.class);

  private SpecCodec() {}

  static ObjectNode write(DeploymentSpec spec) {
    ObjectNode json = Json.object();
    json.put("name", spec.name());
    json.put("description", spec.description());
    putIfSet(json, "image", spec.image());
    putIfSet(json, "snapshot", spec.snapshot());
    json.set("gpu", GpuCodec.write(spec.gpu()));
    json.put("port", spec.port());
    putIfSet(json, "startCommand", spec.startCommand());
    ObjectNode environment = json.putObject("environment");
    spec.environment().forEach(environment::put);
    ArrayNode mounts = json.putArray("mounts");
    for (Mount mount : spec.mounts()) {
      ObjectNode m = mounts.addObject();
      m.put("source", mount.source());
      m.put("target", mount.target());
      m.put("readOnly", mount.readOnly());
    }
    if (spec.sharedMemoryBytes() != null) {
      json.put("sharedMemoryBytes", spec.sharedMemoryBytes());
    }
    json.set("readiness", ReadinessCodec.write(spec.readiness()));
    json.put("startTimeout", spec.startTimeout().toString());
    if (spec.idlePolicy() != null) {
      json.set("idlePolicy", IdlePolicyCodec.write(spec.idlePolicy()));
    }
    json.put("minInstances", spec.minInstances());
    json.put("maxInstances", spec.maxInstances());
    if (spec.concurrency() == DeploymentSpec.UNLIMITED) {
      json.put("concurrency", UNLIMITED);
    } else {
      json.put("concurrency", spec.concurrency());
    }
    json.put("maxPending", spec.maxPending());
    json.put("releaseGrace", spec.releaseGrace().toString());
    json.put("startBackoff", spec.startBackoff().toString());
    json.put("maxStartBackoff", spec.maxStartBackoff().toString());
    Money price = spec.pricePerHour();
    if (price != null) {
      ObjectNode p = json.putObject("pricePerHour");
      p.put("amount", price.amount().toString()); // not plain: the scale is part of the value
      p.put("currency", price.currency().getCurrencyCode());
    }
    return json;
  }

  private static void putIfSet(ObjectNode json, String name, @Nullable String value) {
    if (value != null) {
      json.put(name, value);
    }
  }

  static DeploymentSpec read(Fields json) throws FormatException {
    String name = json.text("name");
    DeploymentSpec.Builder b;
    try {
      b = DeploymentSpec.builder(name);
    } catch (IllegalArgumentException e) {
      throw json.bad("name", e.getMessage());
    }
    Set<String> lost = new TreeSet<>();
    set(json, "description", () -> b.description(json.text("description")));
    if (json.has("image") && json.has("snapshot")) {
      throw json.bad("snapshot", "cannot be there beside an image: remove one of the two");
    }
    set(json, "image", () -> b.image(json.text("image")));
    set(json, "snapshot", () -> b.snapshot(json.text("snapshot")));
    set(json, "gpu", () -> b.gpu(GpuCodec.read(json.object("gpu"))));
    set(json, "port", () -> b.port(json.integer("port")));
    set(json, "startCommand", () -> b.startCommand(json.text("startCommand")));
    set(json, "environment", () -> environment(json.object("environment"), b));
    set(json, "mounts", () -> mounts(json, b));
    set(
        json,
        "sharedMemoryBytes",
        () -> b.sharedMemoryBytes(json.longInteger("sharedMemoryBytes")));
    set(
        json,
        "readiness",
        () ->
            b.readiness(
                ReadinessCodec.read(json.object("readiness"), () -> lost.add("readiness probe"))));
    set(json, "startTimeout", () -> b.startTimeout(json.duration("startTimeout")));
    set(json, "idlePolicy", () -> idlePolicy(json.object("idlePolicy"), b, lost));
    set(json, "minInstances", () -> b.minInstances(json.integer("minInstances")));
    set(json, "maxInstances", () -> b.maxInstances(json.integer("maxInstances")));
    set(json, "concurrency", () -> concurrency(json, b));
    set(json, "maxPending", () -> b.maxPending(json.integer("maxPending")));
    set(json, "releaseGrace", () -> b.releaseGrace(json.duration("releaseGrace")));
    set(
        json,
        "startBackoff",
        () -> b.startBackoff(json.duration("startBackoff"), json.duration("maxStartBackoff")));
    set(json, "pricePerHour", () -> b.pricePerHour(money(json.object("pricePerHour"))));
    json.end();
    DeploymentSpec spec;
    try {
      spec = b.build();
    } catch (IllegalArgumentException e) {
      throw json.bad(e.getMessage());
    }
    if (!lost.isEmpty()) {
      LOG.warn(
          "deployment '{}' had its own {}, which cannot be stored: it has the default until it is"
              + " deployed again",
          name,
          String.join(" and ", lost));
    }
    return spec;
  }

  private static void set(Fields json, String name, Setting setting) throws FormatException {
    if (json.has(name)) {
      try {
        setting.read();
      } catch (IllegalArgumentException e) {
        throw json.bad(name, e.getMessage());
      }
    }
  }

  private static void environment(Fields json, DeploymentSpec.Builder b) throws FormatException {
    for (String variable : json.names()) {
      b.environment(variable, json.text(variable));
    }
  }

  private static void mounts(Fields json, DeploymentSpec.Builder b) throws FormatException {
    for (Fields mount : json.objects("mounts")) {
      b.mount(new Mount(mount.text("source"), mount.text("target"), mount.bool("readOnly")));
      mount.end();
    }
  }

  private static void idlePolicy(Fields json, DeploymentSpec.Builder b, Set<String> lost)
      throws FormatException {
    IdlePolicy policy = IdlePolicyCodec.read(json, () -> lost.add("idle policy"));
    if (policy != null) {
      b.idlePolicy(policy);
    }
  }

  private static void concurrency(Fields json, DeploymentSpec.Builder b) throws FormatException {
    if (!json.isText("concurrency")) {
      b.concurrency(json.integer("concurrency"));
    } else if (json.text("concurrency").equals(UNLIMITED)) {
      b.concurrency(DeploymentSpec.UNLIMITED);
    } else {
      throw json.bad("concurrency", "must be a whole number or \"unlimited\"");
    }
  }

  private static Money money(Fields json) throws FormatException {
    Money money = Money.of(json.text("amount"), json.text("currency"));
    json.end();
    return money;
  }

  private interface Setting {
    void read() throws FormatException;
  }
}
