package dev.autodeploy.internal.spec;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.DeploymentSpec;

/**
 * A deployment's specification as JSON, every setting under its own name. It is one and the same in
 * the state directory, on the page and in its API, but for secrets.
 *
 * <p>Durations are ISO 8601 ({@code PT5M}), {@code idleTimeout} is a duration, {@code "never"} or
 * {@code "adaptive"}, and a probe or policy of the application's own is written as {@code custom}.
 * Defaults are written too: a stored deployment stays what it is when a default changes. Only a
 * setting whose default is what was done before there was the setting is left out at that. The
 * settings are listed in {@link SpecSettings}.
 */
public final class SpecJson {

  /** The type of a probe or policy that is the application's own. */
  static final String CUSTOM = "custom";

  static final String NEVER = "never";

  /** The beginning of a policy that learns, which its settings follow. */
  static final String ADAPTIVE = "adaptive";

  static final String UNLIMITED = "unlimited";

  /** The way in which the values of environment variables, which can be secrets, are written. */
  public enum Secrets {
    /** The values as they are, for the engine itself; absent settings are left out. */
    SHOWN,

    /** Only the names, as {@code environmentNames}; absent settings are null. */
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
    SpecSettings.ALL.forEach(setting -> setting.write(spec, json, hidden));
    if (!hidden) {
      json.properties().removeIf(setting -> setting.getValue().isNull());
    }
    return json;
  }
}
