package dev.autodeploy.console;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.Mount;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.UsageHistory;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Specifications as JSON, with the field names of the form. Thread-safe.
 *
 * <p>Durations are ISO-8601 ({@code PT5M}), money is {@code {"amount": "0.49", "currency": "USD"}},
 * and {@code idleTimeout} is a duration or {@code "never"}. The values of environment variables can
 * be secrets: they are read, and never written; a written specification has {@code
 * environmentNames} instead. The library's own probe and policy types that cannot be told apart
 * from outside, and those of the application, are written as {@code custom}, and {@link #merge}
 * keeps them.
 */
public final class SpecJson {
  private static final String CUSTOM = "custom";
  private static final String NEVER = "never";
  private static final String UNLIMITED = "unlimited";

  private SpecJson() {}

  /**
   * Reads a specification. Absent fields and nulls stand for the default.
   *
   * @param json the document
   * @return the specification
   * @throws InvalidSpecException with every field that is wrong
   */
  public static DeploymentSpec read(String json) {
    return new SpecReader(object(requireNonNull(json, "json")), null).read();
  }

  /**
   * Reads changes to a specification: a field that is absent stays, a null takes the default, and
   * {@code environment} changes only the variables that it names, of which a null is removed.
   *
   * @param existing the specification to start from
   * @param json the changes
   * @return the changed specification
   * @throws InvalidSpecException with every field that is wrong
   */
  public static DeploymentSpec merge(DeploymentSpec existing, String json) {
    requireNonNull(existing, "existing");
    return merge(existing, object(requireNonNull(json, "json")));
  }

  static DeploymentSpec read(ObjectNode json) {
    return new SpecReader(json, null).read();
  }

  static DeploymentSpec merge(DeploymentSpec existing, ObjectNode changes) {
    ObjectNode merged = tree(existing);
    merged.remove("environmentNames");
    ObjectNode environment = merged.putObject("environment");
    existing.environment().forEach(environment::put);
    changes
        .properties()
        .forEach(
            change -> {
              boolean variables =
                  change.getKey().equals("environment") && change.getValue().isObject();
              if (variables) {
                change.getValue().properties().forEach(v -> variable(environment, v));
              } else {
                merged.set(change.getKey(), change.getValue());
              }
            });
    return new SpecReader(merged, existing).read();
  }

  private static void variable(
      ObjectNode environment, java.util.Map.Entry<String, JsonNode> change) {
    if (change.getValue().isNull()) {
      environment.remove(change.getKey());
    } else {
      environment.set(change.getKey(), change.getValue());
    }
  }

  /**
   * Writes a specification, without the values of its environment variables.
   *
   * @param spec the specification
   * @return a JSON document
   */
  public static String write(DeploymentSpec spec) {
    return Json.text(tree(requireNonNull(spec, "spec")));
  }

  private static ObjectNode object(String json) {
    try {
      if (Json.parse(json) instanceof ObjectNode object) {
        return object;
      }
    } catch (JsonProcessingException e) {
      throw new InvalidSpecException(
          List.of(new FieldError("", "the document is not JSON: " + e.getOriginalMessage())));
    }
    throw new InvalidSpecException(
        List.of(new FieldError("", "the document must be a JSON object")));
  }

  static ObjectNode tree(DeploymentSpec spec) {
    ObjectNode json = Json.object();
    json.put("name", spec.name());
    json.put("description", spec.description());
    json.put("image", spec.image());
    json.put("snapshot", spec.snapshot());
    json.set("gpu", gpu(spec.gpu()));
    json.put("port", spec.port());
    json.put("startCommand", spec.startCommand());
    ArrayNode names = json.putArray("environmentNames");
    spec.environment().keySet().forEach(names::add);
    ArrayNode mounts = json.putArray("mounts");
    for (Mount mount : spec.mounts()) {
      ObjectNode m = mounts.addObject();
      m.put("source", mount.source());
      m.put("target", mount.target());
      m.put("readOnly", mount.readOnly());
    }
    json.put("sharedMemoryBytes", spec.sharedMemoryBytes());
    json.set("readiness", readiness(spec.readiness()));
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
    Money price = spec.pricePerHour();
    if (price == null) {
      json.putNull("pricePerHour");
    } else {
      json.putObject("pricePerHour")
          .put("amount", price.amount().toPlainString())
          .put("currency", price.currency().getCurrencyCode());
    }
    return json;
  }

  private static ObjectNode gpu(GpuRequest gpu) {
    ObjectNode json = Json.object();
    if (!gpu.ids().isEmpty()) {
      ArrayNode ids = json.putArray("ids");
      gpu.ids().forEach(ids::add);
    } else if (gpu.count() == GpuRequest.ALL) {
      json.put("count", "all");
    } else {
      json.put("count", gpu.count());
    }
    if (gpu.model() != null) {
      json.put("model", gpu.model());
    }
    return json;
  }

  private static ObjectNode readiness(ReadinessProbe probe) {
    ObjectNode json = Json.object();
    if (probe.equals(ReadinessProbe.tcp())) {
      json.put("type", "tcp");
    } else {
      json.put("type", CUSTOM);
    }
    return json;
  }

  /** A fixed timeout shows itself by being equal to the policy of the timeout that it answers. */
  private static @Nullable String idleTimeout(@Nullable IdlePolicy policy) {
    if (policy == null) {
      return null;
    }
    if (policy.equals(IdlePolicy.never())) {
      return NEVER;
    }
    try {
      Optional<Duration> timeout = policy.idleTimeout(NoHistory.INSTANCE);
      boolean fixed = timeout.isPresent() && policy.equals(IdlePolicy.after(timeout.get()));
      return fixed ? timeout.get().toString() : CUSTOM;
    } catch (RuntimeException e) {
      return CUSTOM;
    }
  }

  /** The past of a deployment that was never used. */
  private enum NoHistory implements UsageHistory {
    INSTANCE;

    @Override
    public String deployment() {
      return "";
    }

    @Override
    public List<Duration> recentGaps() {
      return List.of();
    }

    @Override
    public List<Duration> recentStartDurations() {
      return List.of();
    }
  }
}
