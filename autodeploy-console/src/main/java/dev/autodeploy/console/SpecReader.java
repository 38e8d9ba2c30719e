package dev.autodeploy.console;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.Mount;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.ReadinessProbe;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads one specification and collects what is wrong with each field. */
final class SpecReader {
  private static final String PLACEHOLDER = "a";

  /** The most characters of a price. */
  private static final int MAX_PRICE = 30;

  private final ObjectNode json;
  private final @Nullable DeploymentSpec existing;
  private final List<FieldError> errors = new ArrayList<>();
  private final Set<String> known = new HashSet<>();

  SpecReader(ObjectNode json, @Nullable DeploymentSpec existing) {
    this.json = json;
    this.existing = existing;
  }

  DeploymentSpec read() {
    DeploymentSpec.Builder b = DeploymentSpec.builder(name());
    field("description", v -> b.description(text(v)));
    field("image", v -> b.image(text(v)));
    field("snapshot", v -> b.snapshot(text(v)));
    field("gpu", v -> b.gpu(gpu(v)));
    field("port", v -> b.port(integer(v)));
    field("startCommand", v -> b.startCommand(text(v)));
    field("environment", v -> environment(v, b));
    field("mounts", v -> mounts(v, b));
    field("sharedMemoryBytes", v -> b.sharedMemoryBytes(longInteger(v)));
    field("readiness", v -> b.readiness(readiness(v)));
    field("startTimeout", v -> b.startTimeout(duration(v)));
    field("idleTimeout", v -> idleTimeout(v, b));
    field("minInstances", v -> b.minInstances(integer(v)));
    field("maxInstances", v -> b.maxInstances(integer(v)));
    field("concurrency", v -> b.concurrency(concurrency(v)));
    field("maxPending", v -> b.maxPending(integer(v)));
    field("releaseGrace", v -> b.releaseGrace(duration(v)));
    Duration[] backoff = {Duration.ofSeconds(1), Duration.ofMinutes(1)};
    field("startBackoff", v -> backoff[0] = duration(v));
    field("maxStartBackoff", v -> backoff[1] = duration(v));
    attempt("startBackoff", () -> b.startBackoff(backoff[0], backoff[1]));
    field("pricePerHour", v -> b.pricePerHour(money(v)));
    json.fieldNames()
        .forEachRemaining(
            field -> {
              if (!known.contains(field)) {
                errors.add(new FieldError(field, "there is no such field"));
              }
            });
    checkTogether();
    if (errors.isEmpty()) {
      attempt("", () -> b.build());
    }
    if (!errors.isEmpty()) {
      throw new InvalidSpecException(errors);
    }
    return b.build();
  }

  /** Says at a field what {@code build()} would say about the whole. */
  private void checkTogether() {
    if (!has("port")) {
      errors.add(new FieldError("port", "port is needed: the one that the service listens on"));
    }
    if (has("image") && has("snapshot")) {
      errors.add(
          new FieldError("snapshot", "choose either an image or a snapshot; it starts from one"));
    }
    int max = has("maxInstances") ? json.get("maxInstances").asInt(1) : 1;
    if (has("minInstances") && json.get("minInstances").asInt(0) > max) {
      errors.add(
          new FieldError(
              "minInstances", "minInstances must be maxInstances (" + max + ") at the most"));
    }
  }

  private boolean has(String field) {
    return json.hasNonNull(field);
  }

  private String name() {
    known.add("name");
    String[] name = {PLACEHOLDER};
    if (!has("name")) {
      errors.add(new FieldError("name", "name is needed: it becomes part of the link"));
      return PLACEHOLDER;
    }
    attempt(
        "name",
        () -> {
          String value = text(json.get("name"));
          DeploymentSpec.builder(value);
          name[0] = value;
        });
    return name[0];
  }

  private void field(String field, Setting setting) {
    known.add(field);
    JsonNode value = json.get(field);
    if (value != null && !value.isNull()) {
      attempt(field, () -> setting.apply(value));
    }
  }

  private void attempt(String field, Runnable setting) {
    try {
      setting.run();
    } catch (IllegalArgumentException e) {
      errors.add(new FieldError(field, String.valueOf(e.getMessage())));
    }
  }

  private static String text(JsonNode value) {
    if (!value.isTextual()) {
      throw new IllegalArgumentException("must be a text");
    }
    return value.textValue();
  }

  private static int integer(JsonNode value) {
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw new IllegalArgumentException("must be a whole number");
    }
    return value.intValue();
  }

  private static long longInteger(JsonNode value) {
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw new IllegalArgumentException("must be a whole number");
    }
    return value.longValue();
  }

  private static Duration duration(JsonNode value) {
    try {
      return Duration.parse(text(value));
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException("must be an ISO-8601 duration such as PT5M", e);
    }
  }

  private static int concurrency(JsonNode value) {
    return value.isTextual() && value.textValue().equals("unlimited")
        ? DeploymentSpec.UNLIMITED
        : integer(value);
  }

  private void idleTimeout(JsonNode value, DeploymentSpec.Builder b) {
    String text = text(value);
    if (text.equals("never")) {
      b.idlePolicy(IdlePolicy.never());
    } else if (text.equals("custom") && existing != null && existing.idlePolicy() != null) {
      b.idlePolicy(existing.idlePolicy());
    } else {
      try {
        b.idleTimeout(duration(value));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "must be \"never\" or an ISO-8601 duration of 0 or longer, such as PT5M", e);
      }
    }
  }

  private static GpuRequest gpu(JsonNode value) {
    checkMembers(value, Set.of("count", "ids", "model"));
    JsonNode count = value.get("count");
    List<String> ids = new ArrayList<>();
    if (value.hasNonNull("ids")) {
      if (!value.get("ids").isArray()) {
        throw new IllegalArgumentException("gpu ids must be a list of texts");
      }
      value.get("ids").forEach(id -> ids.add(text(id)));
    }
    int number = 0;
    if (count != null && !count.isNull()) {
      number =
          count.isTextual() && count.textValue().equals("all") ? GpuRequest.ALL : integer(count);
      if (number == GpuRequest.ALL && !count.isTextual()) {
        throw new IllegalArgumentException("gpu count must be 0 or more, or \"all\"");
      }
    }
    return new GpuRequest(number, ids, value.hasNonNull("model") ? text(value.get("model")) : null);
  }

  private ReadinessProbe readiness(JsonNode value) {
    checkMembers(value, Set.of("type", "path", "status", "regex"));
    String type = value.hasNonNull("type") ? text(value.get("type")) : "";
    if (type.equals("tcp")) {
      return ReadinessProbe.tcp();
    }
    if (type.equals("http")) {
      String path = value.hasNonNull("path") ? text(value.get("path")) : "/";
      return value.hasNonNull("status")
          ? ReadinessProbe.http(path, integer(value.get("status")))
          : ReadinessProbe.http(path);
    }
    if (type.equals("logLine") && value.hasNonNull("regex")) {
      return ReadinessProbe.logLine(text(value.get("regex")));
    }
    if (type.equals("custom") && existing != null) {
      return existing.readiness();
    }
    throw new IllegalArgumentException(
        "readiness must be {\"type\": \"tcp\"}, {\"type\": \"http\", \"path\": \"/health\"} or"
            + " {\"type\": \"logLine\", \"regex\": \"…\"}");
  }

  private static void environment(JsonNode value, DeploymentSpec.Builder b) {
    if (!value.isObject()) {
      throw new IllegalArgumentException("environment must be an object of names and texts");
    }
    value
        .properties()
        .forEach(
            variable -> {
              if (!variable.getValue().isTextual()) {
                throw new IllegalArgumentException(
                    "the value of environment variable '" + variable.getKey() + "' must be a text");
              }
              b.environment(variable.getKey(), variable.getValue().textValue());
            });
  }

  private static void mounts(JsonNode value, DeploymentSpec.Builder b) {
    if (!value.isArray()) {
      throw new IllegalArgumentException("mounts must be a list");
    }
    for (JsonNode mount : value) {
      checkMembers(mount, Set.of("source", "target", "readOnly"));
      if (!mount.hasNonNull("source") || !mount.hasNonNull("target")) {
        throw new IllegalArgumentException("a mount needs a source and a target");
      }
      b.mount(
          new Mount(
              text(mount.get("source")),
              text(mount.get("target")),
              mount.path("readOnly").asBoolean(false)));
    }
  }

  private static Money money(JsonNode value) {
    checkMembers(value, Set.of("amount", "currency"));
    if (!value.hasNonNull("amount") || !value.hasNonNull("currency")) {
      throw new IllegalArgumentException("a price needs an amount and a currency");
    }
    JsonNode amount = value.get("amount");
    String digits = amount.isNumber() ? plain(amount.decimalValue()) : text(amount);
    if (digits.length() > MAX_PRICE || digits.indexOf('e') >= 0 || digits.indexOf('E') >= 0) {
      throw new IllegalArgumentException("a price must be a plain number such as 0.49");
    }
    return Money.of(digits, text(value.get("currency")));
  }

  /** Returns a number without an exponent, unless that would be long: 1e999999999. */
  private static String plain(BigDecimal number) {
    boolean isLong = Math.abs((long) number.scale()) > MAX_PRICE || number.precision() > MAX_PRICE;
    return isLong ? number.toString() : number.toPlainString();
  }

  private static void checkMembers(JsonNode value, Set<String> allowed) {
    if (!value.isObject()) {
      throw new IllegalArgumentException("must be an object");
    }
    value
        .fieldNames()
        .forEachRemaining(
            member -> {
              if (!allowed.contains(member)) {
                throw new IllegalArgumentException("has no member '" + member + "'");
              }
            });
  }

  /** Applies the value of a field. */
  @FunctionalInterface
  private interface Setting {
    void apply(JsonNode value);
  }
}
