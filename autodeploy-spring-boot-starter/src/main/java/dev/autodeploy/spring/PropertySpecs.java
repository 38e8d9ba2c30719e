package dev.autodeploy.spring;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.internal.spec.FormatException;
import dev.autodeploy.internal.spec.SpecReader;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.convert.DurationStyle;

/**
 * Turns properties into specifications. They go through the document that the page's API takes, so
 * that the same checks hold and every error names its setting, here as a property.
 */
final class PropertySpecs {
  private static final Pattern NUMBER = Pattern.compile("-?[0-9]{1,18}(\\.[0-9]{1,9})?");

  private PropertySpecs() {}

  /**
   * Makes the specifications.
   *
   * @param deployments the properties by deployment
   * @param others what is written below each deployment and is none of those, by its name
   */
  static List<DeploymentSpec> of(
      Map<String, DeploymentProperties> deployments, Map<String, Map<String, Object>> others) {
    List<DeploymentSpec> specs = new ArrayList<>();
    List<String> wrong = new ArrayList<>();
    deployments.forEach(
        (name, properties) -> {
          List<FormatException> errors = new ArrayList<>();
          ObjectNode document = document(name, properties);
          others.getOrDefault(name, Map.of()).forEach((key, value) -> other(document, key, value));
          DeploymentSpec spec = SpecReader.given(document, null, errors);
          if (spec != null) {
            specs.add(spec);
          }
          for (FormatException error : errors) {
            wrong.add(property(name, error.pointer()) + ": " + error.getMessage());
          }
        });
    if (!wrong.isEmpty()) {
      throw new InvalidPropertiesException(wrong);
    }
    return specs;
  }

  /** Returns the property for a place in the document. */
  static String property(String deployment, JsonPointer place) {
    StringBuilder property =
        new StringBuilder(AutoDeployProperties.PREFIX + ".deployments." + deployment);
    for (JsonPointer at = place; !at.matches(); at = at.tail()) {
      String name = at.getMatchingProperty();
      if (at.getMatchingIndex() >= 0) {
        property.append('[').append(at.getMatchingIndex()).append(']');
      } else if (!name.equals("name")) {
        property.append('.').append(kebab(name));
      }
    }
    return property.toString();
  }

  private static String kebab(String name) {
    return name.replaceAll("([a-z])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
  }

  private static ObjectNode document(String name, DeploymentProperties p) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("name", name);
    json.put("description", p.description());
    json.put("image", p.image());
    json.put("snapshot", p.snapshot());
    if (p.gpu() != null) {
      gpu(p.gpu(), json.putObject("gpu"));
    }
    json.put("port", p.port());
    json.put("startCommand", p.startCommand());
    texts(json, "arguments", p.arguments());
    ObjectNode environment = json.putObject("environment");
    p.environment().forEach(environment::put);
    ArrayNode mounts = json.putArray("mounts");
    for (DeploymentProperties.MountedDirectory mount : p.mounts()) {
      mounts
          .addObject()
          .put("source", mount.source())
          .put("target", mount.target())
          .put("readOnly", mount.readOnly());
    }
    if (p.sharedMemoryBytes() != null) {
      json.put("sharedMemoryBytes", p.sharedMemoryBytes().toBytes());
    }
    if (p.memoryBytes() != null) {
      json.put("memoryBytes", p.memoryBytes().toBytes());
    }
    json.put("cpus", p.cpus());
    json.put("maxProcesses", p.maxProcesses());
    json.put("workingDirectory", p.workingDirectory());
    if (p.readiness() != null) {
      readiness(p.readiness(), json.putObject("readiness"));
    }
    if (p.liveness() != null) {
      readiness(p.liveness(), json.putObject("liveness"));
    }
    json.put("livenessInterval", iso(p.livenessInterval()));
    json.put("livenessThreshold", p.livenessThreshold());
    json.put("maxRequestTime", iso(p.maxRequestTime()));
    json.put("maxLifetime", iso(p.maxLifetime()));
    json.put("startTimeout", iso(p.startTimeout()));
    json.put("idleTimeout", isoOrText(p.idleTimeout()));
    json.put("sleepMode", p.sleepMode());
    json.put("sleepAfter", iso(p.sleepAfter()));
    json.put("minInstances", p.minInstances());
    json.put("maxInstances", p.maxInstances());
    numberOrText(json, "concurrency", p.concurrency());
    json.put("maxPending", p.maxPending());
    json.put("releaseGrace", iso(p.releaseGrace()));
    json.put("startBackoff", iso(p.startBackoff()));
    json.put("maxStartBackoff", iso(p.maxStartBackoff()));
    if (p.pricePerHour() != null) {
      price(p.pricePerHour(), json.putObject("pricePerHour"));
    }
    json.put("preserveHost", p.preserveHost());
    return json;
  }

  /** Boot ignores a property that nobody asks for; here a misspelt one is found. */
  private static void other(ObjectNode json, String key, Object value) {
    String name = camel(key);
    if (json.has(name)) {
      return;
    }
    String text = String.valueOf(value);
    if (NUMBER.matcher(text).matches()) {
      json.put(name, new BigDecimal(text));
    } else if (text.equals("true") || text.equals("false")) {
      json.put(name, Boolean.parseBoolean(text));
    } else {
      json.put(name, text);
    }
  }

  /** Returns the names of properties that are none of {@link DeploymentProperties}. */
  static Map<String, Map<String, Object>> others(Map<String, Map<String, Object>> all) {
    Set<String> known = new HashSet<>();
    for (RecordComponent component : DeploymentProperties.class.getRecordComponents()) {
      known.add(component.getName().toLowerCase(Locale.ROOT));
    }
    Map<String, Map<String, Object>> others = new LinkedHashMap<>();
    all.forEach(
        (name, properties) -> {
          Map<String, Object> unknown = new LinkedHashMap<>(properties);
          unknown
              .keySet()
              .removeIf(
                  key -> known.contains(key.replaceAll("[-_]|\\[.*", "").toLowerCase(Locale.ROOT)));
          others.put(name, unknown);
        });
    return others;
  }

  private static String camel(String kebab) {
    return Pattern.compile("-(.)")
        .matcher(kebab)
        .replaceAll(match -> match.group(1).toUpperCase(Locale.ROOT));
  }

  private static void gpu(DeploymentProperties.Gpu gpu, ObjectNode json) {
    numberOrText(json, "count", gpu.count());
    texts(json, "ids", gpu.ids());
    json.put("model", gpu.model());
    if (gpu.memory() != null) {
      json.put("memoryBytes", GpuRequest.memory(gpu.memory()).memoryBytes());
    }
  }

  private static void readiness(DeploymentProperties.Readiness probe, ObjectNode json) {
    json.put("type", probe.type());
    put(json, "path", probe.path());
    put(json, "regex", probe.regex());
    put(json, "status", probe.status());
    put(json, "minStatus", probe.minStatus());
    put(json, "maxStatus", probe.maxStatus());
    if (!probe.probes().isEmpty()) {
      ArrayNode probes = json.putArray("probes");
      probe.probes().forEach(one -> readiness(one, probes.addObject()));
    }
  }

  private static void put(ObjectNode json, String name, @Nullable String value) {
    if (value != null) {
      json.put(name, value);
    }
  }

  private static void put(ObjectNode json, String name, @Nullable Integer value) {
    if (value != null) {
      json.put(name, value);
    }
  }

  private static void texts(ObjectNode json, String name, List<String> values) {
    if (!values.isEmpty()) {
      ArrayNode array = json.putArray(name);
      values.forEach(array::add);
    }
  }

  private static void numberOrText(ObjectNode json, String name, @Nullable String value) {
    if (value != null && value.matches("-?[0-9]{1,9}")) {
      json.put(name, Integer.parseInt(value));
    } else {
      json.put(name, value);
    }
  }

  /** Splits a price such as {@code 0.49 USD}. */
  private static void price(String text, ObjectNode json) {
    int space = text.strip().lastIndexOf(' ');
    json.put("amount", space < 0 ? text : text.strip().substring(0, space).strip());
    json.put("currency", space < 0 ? "" : text.strip().substring(space + 1));
  }

  private static @Nullable String iso(@Nullable Duration value) {
    return value == null ? null : value.toString();
  }

  /** Durations are written as everywhere in Boot; what is none is left for the check. */
  static @Nullable String isoOrText(@Nullable String value) {
    if (value == null) {
      return null;
    }
    try {
      return DurationStyle.detectAndParse(value).toString();
    } catch (IllegalArgumentException e) {
      return value;
    }
  }
}
