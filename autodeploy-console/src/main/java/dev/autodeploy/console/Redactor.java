package dev.autodeploy.console;

import dev.autodeploy.DeploymentSpec;
import java.util.Comparator;
import java.util.List;

/**
 * Takes the values of a deployment's environment variables out of texts that instances and
 * providers wrote: a service that logs its settings must not show its keys on a page.
 *
 * @param secrets what is taken out, longest first
 */
record Redactor(List<String> secrets) {

  /**
   * Shorter values, such as a port or {@code true}, are no secrets, and are in every other line.
   */
  private static final int SHORTEST = 6;

  private static final String MASK = "••••••";

  /** Takes nothing out: for texts about a deployment that is no more. */
  static final Redactor NONE = new Redactor(List.of());

  static Redactor of(DeploymentSpec spec) {
    if (spec.environment().isEmpty()) {
      return NONE;
    }
    return new Redactor(
        spec.environment().values().stream()
            .filter(value -> value.length() >= SHORTEST)
            .sorted(Comparator.comparingInt(String::length).reversed())
            .toList());
  }

  String apply(String text) {
    String redacted = text;
    for (String secret : secrets) {
      redacted = redacted.replace(secret, MASK);
    }
    return redacted;
  }
}
