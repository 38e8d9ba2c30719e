package dev.autodeploy.internal.spec;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Money;
import dev.autodeploy.Mount;
import dev.autodeploy.internal.policy.IdlePolicies;
import dev.autodeploy.spi.IdlePolicy;
import org.jspecify.annotations.Nullable;

/**
 * A deployment's specification as JSON, every setting under its own name. It is one and the same in
 * the state directory, on the page and in its API, but for secrets.
 *
 * <p>Durations are ISO 8601 ({@code PT5M}), {@code idleTimeout} is a duration or {@code "never"},
 * and a probe or policy of the application's own is written as {@code custom}. All settings are
 * written, defaults too: a stored deployment stays what it is when a default changes.
 */
public final class SpecJson {

  /** The type of a probe or policy that is the application's own. */
  static final String CUSTOM = "custom";

  static final String NEVER = "never";
  static final String UNLIMITED = "unlimited";

  /** The way in which the values of environment variables, which can be secrets, are written. */
  public enum Secrets {
    /** As they are, for the engine itself; absent settings are left out. */
    SHOWN,

    /** Not at all, only the names as {@code environmentNames}; absent settings are null. */
    HIDDEN
  }

  private SpecJson() {}

  /**
   * Writes a specification.
   *
   * @param spec the specification
   * @param secrets whether the values of environment variables are written
   * @return its JSON
   */
  public static ObjectNode write(DeploymentSpec spec, Secrets secrets) {
    boolean hidden = secrets == Secrets.HIDDEN;
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("name", spec.name());
    json.put("description", spec.description());
    json.put("image", spec.image());
    json.put("snapshot", spec.snapshot());
    json.set("gpu", GpuJson.write(spec.gpu()));
    json.put("port", spec.port());
    json.put("startCommand", spec.startCommand());
    if (hidden || !spec.arguments().isEmpty()) {
      ArrayNode arguments = json.putArray("arguments");
      spec.arguments().forEach(arguments::add);
    }
    if (hidden) {
      ArrayNode names = json.putArray("environmentNames");
      spec.environment().keySet().forEach(names::add);
    } else {
      ObjectNode environment = json.putObject("environment");
      spec.environment().forEach(environment::put);
    }
    ArrayNode mounts = json.putArray("mounts");
    for (Mount mount : spec.mounts()) {
      ObjectNode m = mounts.addObject();
      m.put("source", mount.source());
      m.put("target", mount.target());
      m.put("readOnly", mount.readOnly());
    }
    json.put("sharedMemoryBytes", spec.sharedMemoryBytes());
    json.set("readiness", ProbeJson.write(spec.readiness()));
    json.put("startTimeout", spec.startTimeout().toString());
    json.put("idleTimeout", idleTimeout(spec.idlePolicy()));
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
    json.set("pricePerHour", price(spec.pricePerHour(), hidden));
    if (!hidden) {
      json.properties().removeIf(setting -> setting.getValue().isNull());
    }
    return json;
  }

  static @Nullable String idleTimeout(@Nullable IdlePolicy policy) {
    if (policy == null) {
      return null;
    }
    if (policy instanceof IdlePolicies.After after) {
      return after.timeout().toString();
    }
    return policy instanceof IdlePolicies.Never ? NEVER : CUSTOM;
  }

  private static @Nullable ObjectNode price(@Nullable Money price, boolean forPeople) {
    if (price == null) {
      return null;
    }
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    // The scale is part of the value, which a number in plain digits does not always have.
    json.put("amount", forPeople ? price.amount().toPlainString() : price.amount().toString());
    json.put("currency", price.currency().getCurrencyCode());
    return json;
  }
}
