package dev.autodeploy.proxy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.util.Arguments;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The web pages of other origins that may use a link, and what they may see of its responses (CORS,
 * Cross-Origin Resource Sharing). Immutable.
 *
 * <p>A link with a policy answers preflight requests itself: they need no token and start no
 * instance. Every response gets the fields that let the page read it, the link's own errors
 * included. Where an instance sends {@code Access-Control-Allow-Origin} itself, its fields are left
 * as they are.
 */
public final class CorsPolicy {
  /** The fields of the link that a page may read. */
  private static final List<String> OURS =
      List.of(
          "Retry-After",
          "AutoDeploy-Instance",
          "AutoDeploy-Cold-Start",
          "AutoDeploy-Woken",
          "AutoDeploy-Waited-Ms",
          "AutoDeploy-Status",
          "Deploy-Route-Target",
          "Preference-Applied");

  private static final Pattern ORIGIN =
      Pattern.compile("[a-z][a-z0-9+.-]*://(\\*\\.)?([a-z0-9._-]+|\\[[0-9a-f:.]+])(:\\d{1,5})?");

  private static final Pattern LABELS = Pattern.compile("[a-z0-9-]++(?:\\.[a-z0-9-]++)*+");
  private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

  private final boolean anyOrigin;
  private final Set<String> origins;
  private final List<String> methods;
  private final List<String> headers;
  private final List<String> exposed;
  private final boolean credentials;
  private final boolean privateNetwork;
  private final Duration maxAge;

  private CorsPolicy(Builder builder) {
    anyOrigin = builder.origins.contains("*");
    origins = Set.copyOf(builder.origins);
    methods = List.copyOf(builder.methods);
    headers = List.copyOf(builder.headers);
    List<String> all = new ArrayList<>(OURS);
    all.addAll(builder.exposed);
    exposed = List.copyOf(all);
    credentials = builder.credentials;
    Boolean asked = builder.privateNetwork;
    privateNetwork = asked != null ? asked : !anyOrigin;
    maxAge = builder.maxAge;
  }

  /**
   * Returns a policy for pages of certain origins, with any method and header field, and without
   * credentials.
   *
   * @param origins see {@link Builder#origins}
   * @return the policy
   */
  public static CorsPolicy of(String... origins) {
    return builder().origins(origins).build();
  }

  /**
   * Returns a builder for a policy.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns whether pages of every origin are let in.
   *
   * @return true if so
   */
  public boolean anyOrigin() {
    return anyOrigin;
  }

  /**
   * Returns the origins, as they were set.
   *
   * @return the origins and patterns of origins
   */
  public Set<String> origins() {
    return origins;
  }

  /**
   * Returns whether pages of an origin are let in.
   *
   * @param origin the origin, as a browser sends it
   * @return true if so
   */
  public boolean allows(String origin) {
    return anyOrigin || origins.contains(origin) || origins.stream().anyMatch(p -> fits(p, origin));
  }

  private static boolean fits(String pattern, String origin) {
    int star = pattern.indexOf("://*.");
    if (star < 0) {
      return false;
    }
    String scheme = pattern.substring(0, star + 3);
    String suffix = pattern.substring(star + 4);
    return origin.length() > scheme.length() + suffix.length()
        && origin.startsWith(scheme)
        && origin.endsWith(suffix)
        && LABELS
            .matcher(origin.substring(scheme.length(), origin.length() - suffix.length()))
            .matches();
  }

  /**
   * Returns the methods that pages may use.
   *
   * @return the methods, none for any
   */
  public List<String> methods() {
    return methods;
  }

  /**
   * Returns the header fields that pages may send.
   *
   * @return their names, none for any
   */
  public List<String> headers() {
    return headers;
  }

  /**
   * Returns the header fields of responses that pages may read, beside those that they always may.
   *
   * @return their names, with those of the link
   */
  public List<String> exposedHeaders() {
    return exposed;
  }

  /**
   * Returns whether browsers send cookies and other credentials along.
   *
   * @return true if so
   */
  public boolean credentials() {
    return credentials;
  }

  /**
   * Returns whether pages of the public internet may use a link in a private network.
   *
   * @return true if so
   */
  public boolean privateNetwork() {
    return privateNetwork;
  }

  /**
   * Returns how long a browser may keep the answer to a preflight request.
   *
   * @return the time
   */
  public Duration maxAge() {
    return maxAge;
  }

  @Override
  public String toString() {
    return "CorsPolicy" + origins + (credentials ? " with credentials" : "");
  }

  /** Collects the settings of a policy. Not thread-safe. */
  public static final class Builder {
    private final Set<String> origins = new LinkedHashSet<>();
    private final List<String> methods = new ArrayList<>();
    private final List<String> headers = new ArrayList<>();
    private final List<String> exposed = new ArrayList<>();
    private boolean credentials;
    private @Nullable Boolean privateNetwork;
    private Duration maxAge = Duration.ofMinutes(10);

    private Builder() {}

    /**
     * Adds origins whose pages may use the link.
     *
     * @param values such as {@code https://app.example.com}, {@code https://*.example.com} for all
     *     names below one, {@code null} for pages without an origin such as local files, or {@code
     *     *} for all
     * @return this
     */
    public Builder origins(String... values) {
      for (String value : values) {
        String origin = value.toLowerCase(Locale.ROOT);
        if (!origin.equals("*") && !origin.equals("null") && !ORIGIN.matcher(origin).matches()) {
          throw new IllegalArgumentException(
              "origins must be such as https://app.example.com, without a path, but one was '"
                  + value
                  + "'");
        }
        origins.add(origin);
      }
      return this;
    }

    /**
     * Adds methods that pages may use. Default: any.
     *
     * @param values the methods
     * @return this
     */
    public Builder methods(String... values) {
      addTokens("methods", methods, values);
      return this;
    }

    /**
     * Adds header fields that pages may send. Default: any.
     *
     * @param names their names
     * @return this
     */
    public Builder headers(String... names) {
      addTokens("headers", headers, names);
      return this;
    }

    /**
     * Adds header fields of responses that pages may read. The link's own, such as {@code
     * Retry-After}, they may read anyway.
     *
     * @param names their names
     * @return this
     */
    public Builder exposedHeaders(String... names) {
      addTokens("exposedHeaders", exposed, names);
      return this;
    }

    /**
     * Sets whether browsers send cookies and other credentials along. It needs origins by name.
     * Default: false.
     *
     * @param value whether they do
     * @return this
     */
    public Builder credentials(boolean value) {
      credentials = value;
      return this;
    }

    /**
     * Sets whether pages of the public internet may use a link in a private network or on their
     * user's machine, where the browser asks for that. Default: true where origins are named, false
     * for {@code *}.
     *
     * @param value whether they may
     * @return this
     */
    public Builder privateNetwork(boolean value) {
      privateNetwork = value;
      return this;
    }

    /**
     * Sets how long a browser may keep the answer to a preflight request. Default: 10 minutes.
     *
     * @param value 0 to 24 hours
     * @return this
     */
    public Builder maxAge(Duration value) {
      maxAge = Arguments.inRange("maxAge", value, Duration.ZERO, Duration.ofHours(24));
      return this;
    }

    private static void addTokens(String setting, List<String> to, String... values) {
      for (String value : values) {
        if (!TOKEN.matcher(requireNonNull(value, setting)).matches()) {
          throw new IllegalArgumentException(
              setting + " must be tokens, but one was '" + value + "'");
        }
        to.add(value);
      }
    }

    /**
     * Returns the policy.
     *
     * @return the policy
     * @throws IllegalArgumentException if it has no origin, or credentials for every one
     */
    public CorsPolicy build() {
      if (origins.isEmpty()) {
        throw new IllegalArgumentException("a CORS policy needs at least one origin");
      }
      if (credentials && (origins.contains("*") || origins.contains("null"))) {
        throw new IllegalArgumentException(
            "credentials need origins by name: with '*' or 'null' any site could act in the"
                + " name of a user");
      }
      return new CorsPolicy(this);
    }
  }
}
