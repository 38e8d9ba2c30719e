package dev.autodeploy.internal.spec;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Money;
import dev.autodeploy.Mount;
import dev.autodeploy.internal.policy.IdlePolicies;
import dev.autodeploy.spi.AdaptiveIdlePolicy;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.ReadinessProbe;
import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a deployment in JSON, one entry each: how it is written, and how it is read. The
 * order is the one in which they are written, and set.
 */
final class SpecSettings {
  /** The values that are not written, as earlier versions do not know it. */
  private static final Duration LIVENESS_INTERVAL = Duration.ofSeconds(30);

  private static final int LIVENESS_THRESHOLD = 3;

  static final List<SpecSetting> ALL =
      List.of(
          text("description", DeploymentSpec::description, DeploymentSpec.Builder::description),
          text("image", DeploymentSpec::image, DeploymentSpec.Builder::image),
          new SpecSetting(
              "snapshot",
              (spec, json, hidden) -> json.put("snapshot", spec.snapshot()),
              SpecReader::snapshot),
          new SpecSetting(
              "gpu",
              (spec, json, hidden) -> json.set("gpu", GpuJson.write(spec.gpu())),
              (reader, b) -> b.gpu(GpuJson.read(reader.json().object("gpu")))),
          integer("port", DeploymentSpec::port, DeploymentSpec.Builder::port),
          text("startCommand", DeploymentSpec::startCommand, DeploymentSpec.Builder::startCommand),
          new SpecSetting("arguments", SpecSettings::writeArguments, SpecReader::arguments),
          new SpecSetting("environment", SpecSettings::writeEnvironment, SpecReader::environment),
          new SpecSetting("mounts", SpecSettings::writeMounts, SpecReader::mounts),
          new SpecSetting(
              "sharedMemoryBytes",
              (spec, json, hidden) -> json.put("sharedMemoryBytes", spec.sharedMemoryBytes()),
              (reader, b) -> b.sharedMemoryBytes(reader.json().longInteger("sharedMemoryBytes"))),
          new SpecSetting(
              "memoryBytes",
              optional("memoryBytes", DeploymentSpec::memoryBytes, ObjectNode::put),
              (reader, b) -> b.memoryBytes(reader.json().longInteger("memoryBytes"))),
          new SpecSetting(
              "cpus",
              optional("cpus", DeploymentSpec::cpus, ObjectNode::put),
              (reader, b) -> b.cpus(reader.json().number("cpus"))),
          new SpecSetting(
              "maxProcesses",
              optional("maxProcesses", DeploymentSpec::maxProcesses, ObjectNode::put),
              (reader, b) -> b.maxProcesses(reader.json().integer("maxProcesses"))),
          new SpecSetting(
              "workingDirectory",
              optional("workingDirectory", DeploymentSpec::workingDirectory, ObjectNode::put),
              (reader, b) -> b.workingDirectory(reader.json().text("workingDirectory"))),
          new SpecSetting(
              "readiness",
              (spec, json, hidden) ->
                  json.set("readiness", ProbeJson.write(spec.readiness(), hidden)),
              (reader, b) -> b.readiness(reader.readiness())),
          new SpecSetting(
              "probeInterval",
              (spec, json, hidden) -> {
                if (hidden || spec.probeInterval() != null) {
                  json.put("probeInterval", text(spec.probeInterval()));
                }
              },
              (reader, b) -> b.probeInterval(reader.json().duration("probeInterval"))),
          new SpecSetting(
              "probeThreshold",
              (spec, json, hidden) -> {
                if (hidden || spec.probeThreshold() != 1) {
                  json.put("probeThreshold", spec.probeThreshold());
                }
              },
              (reader, b) -> b.probeThreshold(reader.json().integer("probeThreshold"))),
          new SpecSetting("liveness", SpecSettings::writeLiveness, SpecReader::liveness),
          new SpecSetting(
              "livenessInterval",
              (spec, json, hidden) -> {
                if (hidden || !spec.livenessInterval().equals(LIVENESS_INTERVAL)) {
                  json.put("livenessInterval", text(spec.livenessInterval()));
                }
              },
              (reader, b) -> b.livenessInterval(reader.json().duration("livenessInterval"))),
          new SpecSetting(
              "livenessThreshold",
              (spec, json, hidden) -> {
                if (hidden || spec.livenessThreshold() != LIVENESS_THRESHOLD) {
                  json.put("livenessThreshold", spec.livenessThreshold());
                }
              },
              (reader, b) -> b.livenessThreshold(reader.json().integer("livenessThreshold"))),
          new SpecSetting(
              "maxRequestTime",
              optional("maxRequestTime", it -> text(it.maxRequestTime()), ObjectNode::put),
              (reader, b) -> b.maxRequestTime(reader.json().duration("maxRequestTime"))),
          new SpecSetting(
              "maxLifetime",
              optional("maxLifetime", it -> text(it.maxLifetime()), ObjectNode::put),
              (reader, b) -> b.maxLifetime(reader.json().duration("maxLifetime"))),
          duration(
              "startTimeout", DeploymentSpec::startTimeout, DeploymentSpec.Builder::startTimeout),
          new SpecSetting(
              "startTimeoutFactor",
              optional("startTimeoutFactor", DeploymentSpec::startTimeoutFactor, ObjectNode::put),
              (reader, b) -> b.startTimeoutFactor(reader.json().number("startTimeoutFactor"))),
          new SpecSetting(
              "prepareAhead",
              (spec, json, hidden) -> {
                if (hidden || spec.prepareAhead()) {
                  json.put("prepareAhead", spec.prepareAhead());
                }
              },
              (reader, b) -> b.prepareAhead(reader.json().bool("prepareAhead"))),
          new SpecSetting(
              "idleTimeout",
              (spec, json, hidden) -> json.put("idleTimeout", idleTimeout(spec.idlePolicy())),
              SpecReader::idleTimeout),
          new SpecSetting("sleepMode", SleepJson::write, SleepJson::read),
          new SpecSetting(
              "sleepAfter",
              optional("sleepAfter", it -> text(it.sleepAfter()), ObjectNode::put),
              (reader, b) -> b.sleepAfter(reader.json().duration("sleepAfter"))),
          new SpecSetting("schedule", ScheduleJson::write, ScheduleJson::read),
          new SpecSetting("budget", BudgetJson::write, BudgetJson::read),
          integer(
              "minInstances", DeploymentSpec::minInstances, DeploymentSpec.Builder::minInstances),
          integer(
              "maxInstances", DeploymentSpec::maxInstances, DeploymentSpec.Builder::maxInstances),
          integer("priority", DeploymentSpec::priority, DeploymentSpec.Builder::priority),
          new SpecSetting(
              "pinned",
              (spec, json, hidden) -> json.put("pinned", spec.pinned()),
              (reader, b) -> b.pinned(reader.json().bool("pinned"))),
          new SpecSetting("concurrency", SpecSettings::writeConcurrency, SpecReader::concurrency),
          integer("maxPending", DeploymentSpec::maxPending, DeploymentSpec.Builder::maxPending),
          duration(
              "releaseGrace", DeploymentSpec::releaseGrace, DeploymentSpec.Builder::releaseGrace),
          new SpecSetting(
              "startBackoff",
              (spec, json, hidden) -> json.put("startBackoff", spec.startBackoff().toString()),
              SpecReader::startBackoff),
          new SpecSetting(
              "maxStartBackoff",
              (spec, json, hidden) ->
                  json.put("maxStartBackoff", spec.maxStartBackoff().toString()),
              SpecReader::maxStartBackoff),
          new SpecSetting(
              "pricePerHour",
              (spec, json, hidden) -> json.set("pricePerHour", price(spec.pricePerHour(), hidden)),
              (reader, b) -> b.pricePerHour(reader.price())),
          new SpecSetting(
              "preserveHost",
              SpecSettings::writePreserveHost,
              (reader, b) -> b.preserveHost(reader.json().bool("preserveHost"))),
          new SpecSetting(
              "linkPort",
              SpecSettings::writeLinkPort,
              (reader, b) -> b.linkPort(reader.json().integer("linkPort"))));

  private SpecSettings() {}

  private static @Nullable String text(@Nullable Duration duration) {
    return duration == null ? null : duration.toString();
  }

  private static SpecSetting text(
      String name,
      Function<DeploymentSpec, @Nullable String> getter,
      BiConsumer<DeploymentSpec.Builder, String> setter) {
    return new SpecSetting(
        name,
        (spec, json, hidden) -> json.put(name, getter.apply(spec)),
        (reader, b) -> setter.accept(b, reader.json().text(name)));
  }

  /** Writes a setting that came later: earlier versions read what has none. */
  private static <T> SpecSetting.Writer optional(
      String name, Function<DeploymentSpec, @Nullable T> getter, Putter<T> putter) {
    return (spec, json, hidden) -> {
      T value = getter.apply(spec);
      if (value != null) {
        putter.put(json, name, value);
      } else if (hidden) {
        json.putNull(name);
      }
    };
  }

  private interface Putter<T> {
    void put(ObjectNode json, String name, T value);
  }

  private static SpecSetting integer(
      String name,
      Function<DeploymentSpec, Integer> getter,
      BiConsumer<DeploymentSpec.Builder, Integer> setter) {
    return new SpecSetting(
        name,
        (spec, json, hidden) -> json.put(name, getter.apply(spec)),
        (reader, b) -> setter.accept(b, reader.json().integer(name)));
  }

  private static SpecSetting duration(
      String name,
      Function<DeploymentSpec, Duration> getter,
      BiConsumer<DeploymentSpec.Builder, Duration> setter) {
    return new SpecSetting(
        name,
        (spec, json, hidden) -> json.put(name, getter.apply(spec).toString()),
        (reader, b) -> setter.accept(b, reader.json().duration(name)));
  }

  private static void writeArguments(DeploymentSpec spec, ObjectNode json, boolean hidden) {
    if (hidden || !spec.arguments().isEmpty()) {
      ArrayNode arguments = json.putArray("arguments");
      spec.arguments().forEach(arguments::add);
    }
  }

  private static void writeLiveness(DeploymentSpec spec, ObjectNode json, boolean hidden) {
    ReadinessProbe liveness = spec.liveness();
    if (liveness != null) {
      json.set("liveness", ProbeJson.write(liveness, hidden));
    } else if (hidden) {
      json.putNull("liveness");
    }
  }

  private static void writePreserveHost(DeploymentSpec spec, ObjectNode json, boolean hidden) {
    if (hidden || !spec.preserveHost()) {
      json.put("preserveHost", spec.preserveHost());
    }
  }

  private static void writeLinkPort(DeploymentSpec spec, ObjectNode json, boolean hidden) {
    if (spec.linkPort() != 0) {
      json.put("linkPort", spec.linkPort());
    } else if (hidden) {
      json.putNull("linkPort");
    }
  }

  private static void writeEnvironment(DeploymentSpec spec, ObjectNode json, boolean hidden) {
    if (hidden) {
      ArrayNode names = json.putArray("environmentNames");
      spec.environment().keySet().forEach(names::add);
    } else {
      ObjectNode environment = json.putObject("environment");
      spec.environment().forEach(environment::put);
    }
  }

  private static void writeMounts(DeploymentSpec spec, ObjectNode json, boolean hidden) {
    ArrayNode mounts = json.putArray("mounts");
    for (Mount mount : spec.mounts()) {
      ObjectNode m = mounts.addObject();
      m.put("source", mount.source());
      m.put("target", mount.target());
      m.put("readOnly", mount.readOnly());
    }
  }

  private static void writeConcurrency(DeploymentSpec spec, ObjectNode json, boolean hidden) {
    if (spec.concurrency() == DeploymentSpec.UNLIMITED) {
      json.put("concurrency", SpecJson.UNLIMITED);
    } else {
      json.put("concurrency", spec.concurrency());
    }
  }

  static @Nullable String idleTimeout(@Nullable IdlePolicy policy) {
    if (policy == null) {
      return null;
    }
    if (policy instanceof IdlePolicies.After after) {
      return after.timeout().toString();
    }
    if (policy instanceof AdaptiveIdlePolicy) {
      return policy.toString();
    }
    return policy instanceof IdlePolicies.Never ? SpecJson.NEVER : SpecJson.CUSTOM;
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
