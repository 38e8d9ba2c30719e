package dev.autodeploy.internal.spec;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Money;
import dev.autodeploy.Mount;
import dev.autodeploy.internal.policy.AdaptiveIdlePolicies;
import dev.autodeploy.internal.probe.Probes;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.ReadinessProbe;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads one specification and collects everything that is wrong in it. Settings that are absent or
 * null have their default, so that a setting can be added without a new format version.
 */
public final class SpecReader {
  private static final String PLACEHOLDER = "a";

  /** The most fields of which it is said that they do not belong there. */
  private static final int MAX_UNKNOWN = 100;

  /** The builder's defaults. */
  private static final DeploymentSpec DEFAULTS =
      DeploymentSpec.builder(PLACEHOLDER).port(0).build();

  private static final String IDLE_TIMEOUT_FORMS =
      "must be \"never\", \"adaptive\" or an ISO 8601 duration such as PT5M";

  private static final Logger LOG = LoggerFactory.getLogger(SpecReader.class);

  private final Fields json;
  private final boolean stored;
  private final @Nullable DeploymentSpec existing;
  private final List<FormatException> errors = new ArrayList<>();
  private final Set<String> lost = new TreeSet<>();
  private Duration startBackoff = DEFAULTS.startBackoff();
  private Duration maxStartBackoff = DEFAULTS.maxStartBackoff();

  private SpecReader(Fields json, boolean stored, @Nullable DeploymentSpec existing) {
    this.json = json;
    this.stored = stored;
    this.existing = existing;
  }

  /**
   * Reads a specification from the state directory. What the application has set by itself was not
   * stored, and has its default, with a warning.
   *
   * @param json the specification
   * @return the specification
   * @throws FormatException with the first thing that is wrong
   */
  public static DeploymentSpec stored(Fields json) throws FormatException {
    SpecReader reader = new SpecReader(json, true, null);
    DeploymentSpec spec = reader.read();
    if (spec == null) {
      throw reader.errors.get(0);
    }
    if (!reader.lost.isEmpty()) {
      LOG.warn(
          "deployment '{}' had its own {}, which cannot be stored: it has the default until it is"
              + " deployed again",
          spec.name(),
          String.join(" and ", reader.lost));
    }
    return spec;
  }

  /**
   * Reads a specification that a user gives.
   *
   * @param json the specification
   * @param existing the one that it replaces, whose own probe and policy are kept where the
   *     document has them as they were written; or null
   * @param errors gets everything that is wrong
   * @return the specification, or null if anything is wrong
   */
  public static @Nullable DeploymentSpec given(
      ObjectNode json, @Nullable DeploymentSpec existing, List<FormatException> errors) {
    SpecReader reader;
    try {
      reader = new SpecReader(Fields.of(json, JsonPointer.empty()), false, existing);
    } catch (FormatException e) {
      errors.add(e);
      return null;
    }
    DeploymentSpec spec = reader.read();
    errors.addAll(reader.errors);
    return spec;
  }

  Fields json() {
    return json;
  }

  private @Nullable DeploymentSpec read() {
    DeploymentSpec.Builder b = DeploymentSpec.builder(name());
    if (!json.has("port")) {
      errors.add(json.bad("port", "is needed: the one that the service listens on"));
      b.port(0);
    }
    for (SpecSetting setting : SpecSettings.ALL) {
      set(setting.name(), () -> setting.source().read(this, b));
    }
    if (stored) {
      set("idlePolicy", () -> idlePolicy(json.object("idlePolicy"), b));
    }
    backoff(b);
    errors.addAll(json.unknown(MAX_UNKNOWN));
    minimum();
    if (!errors.isEmpty()) {
      return null;
    }
    try {
      return b.build();
    } catch (IllegalArgumentException e) {
      errors.add(json.bad(e.getMessage()));
      return null;
    }
  }

  private String name() {
    String[] name = {PLACEHOLDER};
    if (json.has("name")) {
      set(
          "name",
          () -> {
            String given = json.text("name");
            DeploymentSpec.builder(given);
            name[0] = given;
          });
    } else {
      errors.add(json.bad("name", "is needed: it becomes part of the link"));
    }
    return name[0];
  }

  private void set(String name, Setting setting) {
    if (json.has(name)) {
      try {
        setting.read();
      } catch (FormatException e) {
        errors.add(e);
      } catch (IllegalArgumentException e) {
        errors.add(json.bad(name, e.getMessage()));
      }
    }
  }

  /** The builder takes the later of the two; a document has no later one. */
  void snapshot(DeploymentSpec.Builder b) throws FormatException {
    if (json.has("image")) {
      throw json.bad(
          "snapshot", "cannot be there beside an image: an instance starts from one of the two");
    }
    b.snapshot(json.text("snapshot"));
  }

  /** The builder takes the later of the two; a document has no later one. */
  void arguments(DeploymentSpec.Builder b) throws FormatException {
    List<String> arguments = json.texts("arguments");
    if (!arguments.isEmpty() && json.has("startCommand")) {
      throw json.bad(
          "arguments", "cannot be there beside a start command, which replaces the entrypoint");
    }
    if (!arguments.isEmpty()) {
      b.arguments(arguments.toArray(new String[0]));
    }
  }

  void environment(DeploymentSpec.Builder b) throws FormatException {
    Fields environment = json.object("environment");
    for (String variable : environment.names()) {
      b.environment(variable, environment.text(variable));
    }
  }

  void mounts(DeploymentSpec.Builder b) throws FormatException {
    for (Fields mount : json.objects("mounts")) {
      boolean readOnly = mount.has("readOnly") && mount.bool("readOnly");
      b.mount(new Mount(mount.text("source"), mount.text("target"), readOnly));
      mount.end();
    }
  }

  ReadinessProbe readiness() throws FormatException {
    return probe("readiness", existing == null ? null : existing.readiness());
  }

  /** Reads the liveness probe; without one that is the application's own nothing is asked. */
  void liveness(DeploymentSpec.Builder b) throws FormatException {
    boolean custom = stored && SpecJson.CUSTOM.equals(json.node("liveness").path("type").asText());
    if (custom) {
      lost.add("liveness probe");
    } else {
      b.liveness(probe("liveness", existing == null ? null : existing.liveness()));
    }
  }

  private ReadinessProbe probe(String field, @Nullable ReadinessProbe before)
      throws FormatException {
    if (before != null && json.node(field).equals(ProbeJson.write(before, true))) {
      return before;
    }
    return ProbeJson.read(
        json.object(field),
        new ProbeJson.Custom() {
          @Override
          public ReadinessProbe probe(Fields probe) throws FormatException {
            return customProbe(probe);
          }

          @Override
          public String header(Fields headers, String name) throws FormatException {
            String known = before == null ? null : knownHeader(before, name);
            return known != null ? known : ProbeJson.Custom.super.header(headers, name);
          }
        });
  }

  /** Returns the value that a header of a probe has, if all probes with it have the same. */
  private static @Nullable String knownHeader(ReadinessProbe before, String name) {
    List<String> values =
        Probes.requests(before).stream()
            .map(http -> http.headers().get(name))
            .filter(Objects::nonNull)
            .distinct()
            .toList();
    return values.size() == 1 ? values.get(0) : null;
  }

  private ReadinessProbe customProbe(Fields probe) throws FormatException {
    if (!stored) {
      throw probe.bad("type", "must be tcp, http, healthCheck, logLine, anyOf or allOf");
    }
    lost.add("readiness probe");
    return ReadinessProbe.tcp();
  }

  void idleTimeout(DeploymentSpec.Builder b) throws FormatException {
    String text = json.text("idleTimeout");
    IdlePolicy before = existing == null ? null : existing.idlePolicy();
    if (text.equals(SpecJson.NEVER)) {
      b.idlePolicy(IdlePolicy.never());
    } else if (before != null && text.equals(SpecSettings.idleTimeout(before))) {
      b.idlePolicy(before);
    } else if (text.equals(SpecJson.CUSTOM) && stored) {
      lost.add("idle policy");
    } else if (text.startsWith(SpecJson.ADAPTIVE)) {
      b.idlePolicy(adaptive(text));
    } else {
      b.idleTimeout(duration("idleTimeout", text));
    }
  }

  private IdlePolicy adaptive(String text) throws FormatException {
    try {
      IdlePolicy policy = AdaptiveIdlePolicies.parse(text);
      if (policy != null) {
        return policy;
      }
    } catch (IllegalArgumentException e) {
      throw json.bad("idleTimeout", e.getMessage());
    }
    throw json.bad("idleTimeout", IDLE_TIMEOUT_FORMS);
  }

  private Duration duration(String name, String text) throws FormatException {
    Duration duration;
    try {
      duration = Duration.parse(text);
    } catch (DateTimeParseException e) {
      throw json.bad(name, IDLE_TIMEOUT_FORMS);
    }
    return duration;
  }

  /** The form of format version 1. */
  private void idlePolicy(Fields policy, DeploymentSpec.Builder b) throws FormatException {
    switch (policy.text("type")) {
      case "after" -> {
        try {
          b.idleTimeout(policy.duration("timeout"));
        } catch (IllegalArgumentException e) {
          throw policy.bad("timeout", e.getMessage());
        }
      }
      case SpecJson.NEVER -> b.idlePolicy(IdlePolicy.never());
      case SpecJson.CUSTOM -> lost.add("idle policy");
      default -> throw policy.bad("type", "must be after, never or custom");
    }
    policy.end();
  }

  void concurrency(DeploymentSpec.Builder b) throws FormatException {
    if (!json.isText("concurrency")) {
      b.concurrency(json.integer("concurrency"));
    } else if (json.text("concurrency").equals(SpecJson.UNLIMITED)) {
      b.concurrency(DeploymentSpec.UNLIMITED);
    } else {
      throw json.bad("concurrency", "must be a whole number or \"unlimited\"");
    }
  }

  void startBackoff(DeploymentSpec.Builder b) throws FormatException {
    startBackoff = json.duration("startBackoff");
  }

  void maxStartBackoff(DeploymentSpec.Builder b) throws FormatException {
    maxStartBackoff = json.duration("maxStartBackoff");
  }

  /** Sets what the document says in two places, and the builder takes together. */
  private void backoff(DeploymentSpec.Builder b) {
    if (!isWrong("startBackoff") && !isWrong("maxStartBackoff")) {
      try {
        b.startBackoff(startBackoff, maxStartBackoff);
      } catch (IllegalArgumentException e) {
        errors.add(json.bad("startBackoff", e.getMessage()));
      }
    }
  }

  /** Says at a field what {@code build()} says about the whole. */
  private void minimum() {
    if (!errors.isEmpty() && (isWrong("minInstances") || isWrong("maxInstances"))) {
      return;
    }
    int min = number("minInstances", DEFAULTS.minInstances());
    int max = number("maxInstances", DEFAULTS.maxInstances());
    if (min > max) {
      errors.add(
          json.bad(
              "minInstances",
              "minInstances must be maxInstances (" + max + ") at most, but is " + min));
    }
  }

  private boolean isWrong(String name) {
    return errors.stream().anyMatch(e -> e.pointer().matchesProperty(name));
  }

  private int number(String name, int otherwise) {
    return json.has(name) ? json.node(name).intValue() : otherwise;
  }

  Money price() throws FormatException {
    Fields price = json.object("pricePerHour");
    Money money = Money.of(price.amount("amount"), price.text("currency"));
    price.end();
    return money;
  }

  private interface Setting {
    void read() throws FormatException;
  }
}
