package dev.autodeploy.console;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.spec.FormatException;
import dev.autodeploy.internal.spec.SpecJson.Secrets;
import dev.autodeploy.internal.spec.SpecReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Specifications as JSON, with the field names of the form. Thread-safe.
 *
 * <p>Durations are ISO-8601 ({@code PT5M}), money is {@code {"amount": "0.49", "currency": "USD"}},
 * and {@code idleTimeout} is a duration or {@code "never"}. The values of environment variables can
 * be secrets: they are read, and never written; a written specification has {@code
 * environmentNames} instead. Probes and policies of the application's own are written as {@code
 * custom}, and {@link #merge} keeps them.
 */
public final class SpecJson {
  private SpecJson() {}

  /**
   * Reads a specification. Absent fields and nulls stand for the default.
   *
   * @param json the document
   * @return the specification
   * @throws InvalidSpecException with every field that is wrong
   */
  public static DeploymentSpec read(String json) {
    return read(object(requireNonNull(json, "json")), null);
  }

  /**
   * Reads changes to a specification: a field that is absent stays, a null takes the default, and
   * {@code environment} changes only the variables that it names, of which a null is removed. An
   * image takes the place of a snapshot, and the other way round.
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
    return read(json, null);
  }

  private static DeploymentSpec read(ObjectNode json, @Nullable DeploymentSpec existing) {
    List<FormatException> errors = new ArrayList<>();
    DeploymentSpec spec = SpecReader.given(json, existing, errors);
    if (spec == null) {
      throw new InvalidSpecException(errors.stream().map(SpecJson::error).toList());
    }
    return spec;
  }

  /** Tells an error at its field of the form, and what is wrong deeper in that with its place. */
  private static FieldError error(FormatException e) {
    JsonPointer place = e.pointer();
    if (place.matches()) {
      return new FieldError("", String.valueOf(e.getMessage()));
    }
    JsonPointer inside = place.tail();
    return new FieldError(
        place.getMatchingProperty(),
        inside == null || inside.matches()
            ? String.valueOf(e.getMessage())
            : inside.toString().substring(1).replace('/', '.') + " " + e.getMessage());
  }

  static DeploymentSpec merge(DeploymentSpec existing, ObjectNode changes) {
    ObjectNode merged = tree(existing);
    merged.remove("environmentNames");
    ObjectNode environment = merged.putObject("environment");
    existing.environment().forEach(environment::put);
    if (changes.hasNonNull("image") != changes.hasNonNull("snapshot")) {
      merged.remove(changes.hasNonNull("image") ? "snapshot" : "image");
    }
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
    return read(merged, existing);
  }

  private static void variable(ObjectNode environment, Map.Entry<String, JsonNode> change) {
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
    return ConsoleJson.text(tree(requireNonNull(spec, "spec")));
  }

  private static ObjectNode object(String json) {
    try {
      if (ConsoleJson.parse(json) instanceof ObjectNode object) {
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
    return dev.autodeploy.internal.spec.SpecJson.write(spec, Secrets.HIDDEN);
  }
}
