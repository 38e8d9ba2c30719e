package dev.autodeploy.proxy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.text.Glob;
import dev.autodeploy.internal.util.Arguments;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One address for all models: beside the links {@code /d/<name>}, the proxy serves the paths of
 * OpenAI's, Anthropic's and Ollama's interfaces at its root, and the model that a request names
 * chooses the deployment. Immutable.
 *
 * <p>The name is in the field {@code model} of a JSON body or of a form, or in the header {@value
 * #HEADER}, which counts most. Every deployment serves its own name; aliases and patterns come on
 * top. The lists of models are answered by the link itself and wake nothing. The rules of the links
 * (tokens, access checks, rate limits) hold as they do for {@code /d/<name>}: a caller neither sees
 * nor reaches a model whose deployment it may not use.
 *
 * <pre>{@code
 * ModelRouter.builder()
 *     .models("tts-1*", "breezyvoice")
 *     .models("gpt-*", "llama")
 *     .otherwise("llama")
 *     .build();
 * }</pre>
 */
public final class ModelRouter {
  /** The request header that names the model, whatever the body says. */
  public static final String HEADER = "AutoDeploy-Model";

  private final Map<String, String> names;
  private final List<Alias> patterns;
  private final Map<String, String> sentAs;
  private final Map<String, String> pathDefaults;
  private final Set<String> paths;
  private final boolean ownNames;
  private final @Nullable String otherwise;
  private final @Nullable ModelRule rule;
  private final int prefixBytes;

  private record Alias(Glob pattern, String deployment) {}

  private ModelRouter(Builder builder) {
    names = new LinkedHashMap<>(builder.names);
    patterns = List.copyOf(builder.patterns);
    sentAs = Map.copyOf(builder.sentAs);
    pathDefaults = Map.copyOf(builder.pathDefaults);
    paths = Set.copyOf(builder.paths);
    ownNames = builder.ownNames;
    otherwise = builder.otherwise;
    rule = builder.rule;
    prefixBytes = builder.prefixBytes;
  }

  /**
   * Returns a builder.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns the names that were given to deployments, patterns left out.
   *
   * @return names of models to names of deployments, in the order in which they were given
   */
  public Map<String, String> names() {
    return java.util.Collections.unmodifiableMap(names);
  }

  /**
   * Returns whether every deployment is also a model of its own name.
   *
   * @return true unless that was turned off
   */
  public boolean ownNames() {
    return ownNames;
  }

  /**
   * Returns the paths beside the known ones whose requests name a model.
   *
   * @return the paths
   */
  public Set<String> morePaths() {
    return paths;
  }

  /**
   * Returns how many bytes of a body are looked at.
   *
   * @return the number
   */
  public int prefixBytes() {
    return prefixBytes;
  }

  /**
   * Returns the host application's own rule.
   *
   * @return the rule, or null if there is none
   */
  public @Nullable ModelRule rule() {
    return rule;
  }

  /**
   * Returns the deployment that a name or a pattern belongs to.
   *
   * @param model the name of the model
   * @return the deployment's name, or null if it is none of both
   */
  public @Nullable String named(String model) {
    String exact = names.get(requireNonNull(model, "model"));
    if (exact != null) {
      return exact;
    }
    for (Alias alias : patterns) {
      if (alias.pattern.matches(model)) {
        return alias.deployment;
      }
    }
    return null;
  }

  /**
   * Returns the deployment of requests whose model is unknown or not named.
   *
   * @param path the path of the request
   * @return the deployment's name, or null if such requests are refused
   */
  public @Nullable String defaultFor(String path) {
    String own = pathDefaults.get(requireNonNull(path, "path"));
    return own != null ? own : otherwise;
  }

  /**
   * Returns the name under which a deployment knows its model.
   *
   * @param deployment the deployment's name
   * @return the name that replaces the caller's, or null if that one is passed on
   */
  public @Nullable String sentAs(String deployment) {
    return sentAs.get(requireNonNull(deployment, "deployment"));
  }

  /** Collects names and rules. Not thread-safe. */
  public static final class Builder {
    private final Map<String, String> names = new LinkedHashMap<>();
    private final List<Alias> patterns = new ArrayList<>();
    private final Map<String, String> sentAs = new LinkedHashMap<>();
    private final Map<String, String> pathDefaults = new LinkedHashMap<>();
    private final Set<String> paths = new LinkedHashSet<>();
    private boolean ownNames = true;
    private @Nullable String otherwise;
    private @Nullable ModelRule rule;
    private int prefixBytes = 1024 * 1024;

    private Builder() {}

    /**
     * Gives a deployment a model's name, or all names of a pattern. Names are looked at before
     * patterns, patterns in the order in which they were given.
     *
     * @param nameOrPattern the name as callers write it, in which {@code *} stands for any text
     * @param deployment the deployment's name; it need not exist yet
     * @return this
     */
    public Builder models(String nameOrPattern, String deployment) {
      requireNonNull(nameOrPattern, "nameOrPattern");
      requireNonNull(deployment, "deployment");
      if (nameOrPattern.isBlank()) {
        throw new IllegalArgumentException("nameOrPattern must not be blank");
      }
      if (nameOrPattern.indexOf('*') < 0) {
        names.put(nameOrPattern, deployment);
      } else {
        patterns.add(new Alias(Glob.of(nameOrPattern), deployment));
      }
      return this;
    }

    /**
     * Sets whether every deployment is a model of its own name. Default: true.
     *
     * @param value whether it is
     * @return this
     */
    public Builder ownNames(boolean value) {
      ownNames = value;
      return this;
    }

    /**
     * Sets the deployment of requests whose model is unknown or not named. Default: none, they are
     * refused with 404 or 400.
     *
     * @param deployment the deployment's name
     * @return this
     */
    public Builder otherwise(String deployment) {
      otherwise = requireNonNull(deployment, "deployment");
      return this;
    }

    /**
     * Sets the deployment of requests of one path whose model is unknown or not named, such as
     * uploads that have their file before the model.
     *
     * @param path such as {@code /v1/audio/transcriptions}
     * @param deployment the deployment's name
     * @return this
     */
    public Builder otherwise(String path, String deployment) {
      pathDefaults.put(checked(path), requireNonNull(deployment, "deployment"));
      return this;
    }

    /**
     * Sets an own rule, which is asked before names and patterns.
     *
     * @param value the rule
     * @return this
     */
    public Builder rule(ModelRule value) {
      rule = requireNonNull(value, "rule");
      return this;
    }

    /**
     * Rewrites the name of the model on its way to a deployment. Default: the body goes on byte for
     * byte.
     *
     * @param deployment the deployment's name
     * @param model the name under which its instances know the model
     * @return this
     */
    public Builder sendAs(String deployment, String model) {
      requireNonNull(model, "model");
      if (model.isBlank() || model.chars().anyMatch(c -> c < ' ')) {
        throw new IllegalArgumentException("model must be a name, but was '" + model + "'");
      }
      sentAs.put(requireNonNull(deployment, "deployment"), model);
      return this;
    }

    /**
     * Adds a path whose requests name a model, beside those of the known interfaces.
     *
     * @param path such as {@code /v1/audio/translations}
     * @return this
     */
    public Builder path(String path) {
      paths.add(checked(path));
      return this;
    }

    private static String checked(String path) {
      requireNonNull(path, "path");
      if (!path.matches("/[A-Za-z0-9._~/-]+") || path.startsWith("/d/") || path.startsWith("/-/")) {
        throw new IllegalArgumentException(
            "path must be a plain path outside of /d/ and /-/, but was '" + path + "'");
      }
      return path;
    }

    /**
     * Sets how many bytes of a body are looked at to find the model's name. Default: 1 MiB. A
     * request that names its model later goes to the default, if there is one. All such beginnings
     * together take at most 64 MiB.
     *
     * @param value 1024 to 16 MiB
     * @return this
     */
    public Builder prefixBytes(int value) {
      prefixBytes = Arguments.inRange("prefixBytes", value, 1024, 16 * 1024 * 1024);
      return this;
    }

    /**
     * Returns the router.
     *
     * @return the router
     */
    public ModelRouter build() {
      return new ModelRouter(this);
    }
  }
}
