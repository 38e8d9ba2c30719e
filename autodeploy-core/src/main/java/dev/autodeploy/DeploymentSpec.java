package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.ReadinessProbe;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

// Over 500 lines for its documentation: each of the 21 settings has it at the getter and the
// setter.
/**
 * The settings of one deployment: what is deployed, and how it is kept. Immutable.
 *
 * <p>Two specifications are equal if all their settings are; a custom {@link ReadinessProbe} or
 * {@link IdlePolicy} counts by its own {@code equals}.
 */
public final class DeploymentSpec {

  /** The {@link #concurrency()} that stands for no limit. */
  public static final int UNLIMITED = Integer.MAX_VALUE;

  private static final Pattern NAME = Pattern.compile("[a-z]([a-z0-9-]{0,61}[a-z0-9])?");
  private static final Pattern ENV_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  private static final int SHORTEST_SECRET = 6;
  private static final String MASK = "••••••";

  private final String name;
  private final String description;
  private final @Nullable String image;
  private final @Nullable String snapshot;
  private final GpuRequest gpu;
  private final int port;
  private final @Nullable String startCommand;
  private final List<String> arguments;
  private final Map<String, String> environment;
  private final List<Mount> mounts;
  private final @Nullable Long sharedMemoryBytes;
  private final ReadinessProbe readiness;
  private final Duration startTimeout;
  private final @Nullable IdlePolicy idlePolicy;
  private final int minInstances;
  private final int maxInstances;
  private final int concurrency;
  private final int maxPending;
  private final Duration releaseGrace;
  private final Duration startBackoff;
  private final Duration maxStartBackoff;
  private final @Nullable Money pricePerHour;

  private DeploymentSpec(Builder b) {
    name = b.name;
    description = b.description;
    image = b.image;
    snapshot = b.snapshot;
    gpu = b.gpu;
    port = b.port;
    startCommand = b.startCommand;
    arguments = b.arguments;
    environment =
        b.environment.size() <= 1 // has no order, and weighs a fraction
            ? Map.copyOf(b.environment)
            : Collections.unmodifiableMap(new LinkedHashMap<>(b.environment));
    mounts = List.copyOf(b.mounts);
    sharedMemoryBytes = b.sharedMemoryBytes;
    readiness = b.readiness;
    startTimeout = b.startTimeout;
    idlePolicy = b.idlePolicy;
    minInstances = b.minInstances;
    maxInstances = b.maxInstances;
    concurrency = b.concurrency;
    maxPending = b.maxPending;
    releaseGrace = b.releaseGrace;
    startBackoff = b.startBackoff;
    maxStartBackoff = b.maxStartBackoff;
    pricePerHour = b.pricePerHour;
  }

  /**
   * Returns a builder for a deployment.
   *
   * @param name the name, which becomes part of the link: 1 to 63 of {@code a-z 0-9 -}, beginning
   *     with a letter and not ending with a hyphen
   * @return the builder
   * @throws IllegalArgumentException if the name is not of that form
   */
  public static Builder builder(String name) {
    return new Builder(name);
  }

  /**
   * Returns a builder that has this specification's settings.
   *
   * @return the builder
   */
  public Builder toBuilder() {
    Builder b = new Builder(name);
    b.description = description;
    b.image = image;
    b.snapshot = snapshot;
    b.gpu = gpu;
    b.port = port;
    b.startCommand = startCommand;
    b.arguments = arguments;
    b.environment.putAll(environment);
    b.mounts.addAll(mounts);
    b.sharedMemoryBytes = sharedMemoryBytes;
    b.readiness = readiness;
    b.startTimeout = startTimeout;
    b.idlePolicy = idlePolicy;
    b.minInstances = minInstances;
    b.maxInstances = maxInstances;
    b.concurrency = concurrency;
    b.maxPending = maxPending;
    b.releaseGrace = releaseGrace;
    b.startBackoff = startBackoff;
    b.maxStartBackoff = maxStartBackoff;
    b.pricePerHour = pricePerHour;
    return b;
  }

  /**
   * Returns the name, which is part of the link.
   *
   * @return a DNS label
   */
  public String name() {
    return name;
  }

  /**
   * Returns the description.
   *
   * @return a short text for people, possibly empty
   */
  public String description() {
    return description;
  }

  /**
   * Returns the image that instances start from.
   *
   * @return the reference, or null
   */
  public @Nullable String image() {
    return image;
  }

  /**
   * Returns the snapshot that instances start from.
   *
   * @return the reference, or null
   */
  public @Nullable String snapshot() {
    return snapshot;
  }

  /**
   * Returns the GPUs that each instance gets.
   *
   * @return the request, by default none
   */
  public GpuRequest gpu() {
    return gpu;
  }

  /**
   * Returns the port that the service listens on.
   *
   * @return the port; 0 if each instance is told one in {@code PORT}
   */
  public int port() {
    return port;
  }

  /**
   * Returns the shell line that starts the service.
   *
   * @return the line, or null to start what the image starts
   */
  public @Nullable String startCommand() {
    return startCommand;
  }

  /**
   * Returns the arguments for what the image starts.
   *
   * @return the arguments; empty to leave those of the image
   */
  public List<String> arguments() {
    return arguments;
  }

  /**
   * Returns the environment variables of each instance. Their values can be secrets: they are never
   * logged or shown.
   *
   * @return name to value, in the order given
   */
  public Map<String, String> environment() {
    return environment;
  }

  /**
   * Returns what each instance sees of its host's files.
   *
   * @return the mounts
   */
  public List<Mount> mounts() {
    return mounts;
  }

  /**
   * Returns the size of each instance's shared memory.
   *
   * @return bytes, or null for the provider's default
   */
  public @Nullable Long sharedMemoryBytes() {
    return sharedMemoryBytes;
  }

  /**
   * Returns the readiness probe of its instances.
   *
   * @return the probe, by default {@link ReadinessProbe#tcp()}
   */
  public ReadinessProbe readiness() {
    return readiness;
  }

  /**
   * Returns how long an instance may take to become ready.
   *
   * @return the time, by default 10 minutes
   */
  public Duration startTimeout() {
    return startTimeout;
  }

  /**
   * Returns when an instance without requests is released.
   *
   * @return the policy, or null for the engine's
   */
  public @Nullable IdlePolicy idlePolicy() {
    return idlePolicy;
  }

  /**
   * Returns how many instances are kept even without requests.
   *
   * @return the number, by default 0
   */
  public int minInstances() {
    return minInstances;
  }

  /**
   * Returns how many instances may exist at once.
   *
   * @return the number, by default 1
   */
  public int maxInstances() {
    return maxInstances;
  }

  /**
   * Returns how many requests one instance serves at once.
   *
   * @return the number, by default {@link #UNLIMITED}
   */
  public int concurrency() {
    return concurrency;
  }

  /**
   * Returns how many requests may wait.
   *
   * @return the number, by default 1000
   */
  public int maxPending() {
    return maxPending;
  }

  /**
   * Returns how long an instance gets to end by itself when it is released.
   *
   * @return the time, by default 10 seconds
   */
  public Duration releaseGrace() {
    return releaseGrace;
  }

  /**
   * Returns how long starts are held back after the first failure; it doubles with each further
   * one.
   *
   * @return the time, by default 1 second
   */
  public Duration startBackoff() {
    return startBackoff;
  }

  /**
   * Returns how long starts are held back at most.
   *
   * @return the time, by default 1 minute
   */
  public Duration maxStartBackoff() {
    return maxStartBackoff;
  }

  /**
   * Returns the price of one instance for an hour.
   *
   * @return the price, or null to ask the engine's cost meter
   */
  public @Nullable Money pricePerHour() {
    return pricePerHour;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof DeploymentSpec that && values().equals(that.values());
  }

  @Override
  public int hashCode() {
    return values().hashCode();
  }

  private List<@Nullable Object> values() {
    List<@Nullable Object> values = new ArrayList<>();
    values.add(name);
    values.add(description);
    values.add(image);
    values.add(snapshot);
    values.add(gpu);
    values.add(port);
    values.add(startCommand);
    values.add(arguments);
    values.add(environment);
    values.add(mounts);
    values.add(sharedMemoryBytes);
    values.add(readiness);
    values.add(startTimeout);
    values.add(idlePolicy);
    values.add(minInstances);
    values.add(maxInstances);
    values.add(concurrency);
    values.add(maxPending);
    values.add(releaseGrace);
    values.add(startBackoff);
    values.add(maxStartBackoff);
    values.add(pricePerHour);
    return values;
  }

  /**
   * Returns a text with the values of the environment variables masked: for what instances and
   * providers write, which may hold keys that no log, page or answer is to show. Values, and lines
   * of values, shorter than 6 characters, such as a port or {@code true}, are no secrets and stay.
   *
   * @param text any text
   * @return the text, with six dots for each such value
   */
  public String redact(String text) {
    requireNonNull(text, "text");
    if (environment.isEmpty()) {
      return text;
    }
    String redacted = text;
    for (String secret : longestFirst(environment.values())) {
      redacted = redacted.replace(secret, MASK);
    }
    return redacted;
  }

  /** One value may be part of another; and of one with several lines each is written by itself. */
  private static List<String> longestFirst(Collection<String> values) {
    return values.stream()
        .flatMap(value -> Stream.concat(Stream.of(value), value.lines()))
        .filter(secret -> secret.length() >= SHORTEST_SECRET)
        .distinct()
        .sorted(Comparator.comparingInt(String::length).reversed())
        .toList();
  }

  /** Returns the settings without the values of environment variables, which can be secrets. */
  @Override
  public String toString() {
    return "DeploymentSpec[name="
        + name
        + ", image="
        + image
        + ", snapshot="
        + snapshot
        + ", gpu="
        + gpu
        + ", port="
        + port
        + ", startCommand="
        + startCommand
        + ", arguments="
        + arguments
        + ", environment="
        + environment.keySet()
        + ", minInstances="
        + minInstances
        + ", maxInstances="
        + maxInstances
        + ", concurrency="
        + concurrency
        + "]";
  }

  /** Collects the settings of a deployment. Not thread-safe. Every setter checks its value. */
  public static final class Builder {
    private static final Duration START_TIMEOUT = Duration.ofMinutes(10);
    private static final Duration RELEASE_GRACE = Duration.ofSeconds(10);
    private static final Duration START_BACKOFF = Duration.ofSeconds(1);
    private static final Duration MAX_START_BACKOFF = Duration.ofMinutes(1);

    private final String name;
    private String description = "";
    private @Nullable String image;
    private @Nullable String snapshot;
    private GpuRequest gpu = GpuRequest.none();
    private int port = -1;
    private @Nullable String startCommand;
    private List<String> arguments = List.of();
    private final Map<String, String> environment = new LinkedHashMap<>();
    private final List<Mount> mounts = new ArrayList<>();
    private @Nullable Long sharedMemoryBytes;
    private ReadinessProbe readiness = ReadinessProbe.tcp();
    private Duration startTimeout = START_TIMEOUT;
    private @Nullable IdlePolicy idlePolicy;
    private int minInstances;
    private int maxInstances = 1;
    private int concurrency = UNLIMITED;
    private int maxPending = 1000;
    private Duration releaseGrace = RELEASE_GRACE;
    private Duration startBackoff = START_BACKOFF;
    private Duration maxStartBackoff = MAX_START_BACKOFF;
    private @Nullable Money pricePerHour;

    private Builder(String name) {
      requireNonNull(name, "name");
      if (!NAME.matcher(name).matches()) {
        throw new IllegalArgumentException(
            "name must be a DNS label (1 to 63 of a-z, 0-9 and '-', beginning with a letter and not"
                + " ending with '-'), but was '"
                + name
                + "'");
      }
      this.name = name;
    }

    /**
     * Sets the description.
     *
     * @param value a short text for people, at most 1000 characters
     * @return this
     */
    public Builder description(String value) {
      requireNonNull(value, "description");
      if (value.length() > 1000) {
        throw new IllegalArgumentException(
            "description must be 0 to 1000 characters, but was " + value.length() + " characters");
      }
      description = value;
      return this;
    }

    /**
     * Sets the image that instances start from, instead of a snapshot: an instance starts from one
     * of them, and the later call counts.
     *
     * @param reference the image's reference as the provider understands it
     * @return this
     */
    public Builder image(String reference) {
      image = reference("image", reference);
      snapshot = null;
      return this;
    }

    /**
     * Sets the snapshot that instances start from, instead of an image: an instance starts from one
     * of them, and the later call counts. Whether the snapshot exists is found out when an instance
     * starts.
     *
     * @param reference the snapshot's name, or the reference that {@link Deployment#snapshot} gave
     * @return this
     */
    public Builder snapshot(String reference) {
      snapshot = reference("snapshot", reference);
      image = null;
      return this;
    }

    /**
     * Sets the GPUs that each instance gets. Default: none.
     *
     * @param request the request
     * @return this
     */
    public Builder gpu(GpuRequest request) {
      gpu = requireNonNull(request, "gpu");
      return this;
    }

    /**
     * Sets the port that the service listens on. Required.
     *
     * @param value 1 to 65535; or 0 where the provider tells each instance its port in the
     *     environment variable {@code PORT}: to a local process a free one, to a container 8080
     * @return this
     */
    public Builder port(int value) {
      port = Arguments.inRange("port", value, 0, 65535, "");
      return this;
    }

    /**
     * Sets the shell line that starts the service, in place of the image's entrypoint and command.
     * Default: what the image starts. Of this and {@link #arguments} the later call counts.
     *
     * @param line a line for {@code /bin/sh -c}
     * @return this
     */
    public Builder startCommand(String line) {
      startCommand = Arguments.notBlank("startCommand", line);
      arguments = List.of();
      return this;
    }

    /**
     * Sets the arguments for the image's entrypoint, in place of the image's command. Default: what
     * the image starts. Of this and {@link #startCommand} the later call counts.
     *
     * @param values the arguments, which no shell takes apart; none for the image's own
     * @return this
     */
    public Builder arguments(String... values) {
      List<String> copy = List.of(values);
      if (copy.stream().anyMatch(value -> value.indexOf('\0') >= 0)) {
        throw new IllegalArgumentException("arguments must not contain NUL");
      }
      arguments = copy;
      if (!copy.isEmpty()) {
        startCommand = null;
      }
      return this;
    }

    /**
     * Adds an environment variable.
     *
     * @param variable its name
     * @param value its value, which may be a secret
     * @return this
     */
    public Builder environment(String variable, String value) {
      requireNonNull(variable, "variable");
      requireNonNull(value, "value");
      if (!ENV_NAME.matcher(variable).matches()) {
        throw new IllegalArgumentException(
            "environment variable names are letters, digits and '_', not beginning with a digit;"
                + " this one is not: '"
                + variable
                + "'");
      }
      if (value.indexOf('\0') >= 0) {
        throw new IllegalArgumentException(
            "the value of environment variable " + variable + " must not contain NUL");
      }
      environment.put(variable, value);
      return this;
    }

    /**
     * Adds environment variables.
     *
     * @param variables name to value
     * @return this
     */
    public Builder environment(Map<String, String> variables) {
      variables.forEach(this::environment);
      return this;
    }

    /**
     * Adds a mount.
     *
     * @param mount what the instance sees of its host's files
     * @return this
     */
    public Builder mount(Mount mount) {
      mounts.add(requireNonNull(mount, "mount"));
      return this;
    }

    /**
     * Sets the size of the shared memory. Default: the provider's.
     *
     * @param bytes 1 MiB (1048576) or more
     * @return this
     */
    public Builder sharedMemoryBytes(long bytes) {
      if (bytes < 1 << 20) {
        throw new IllegalArgumentException(
            "sharedMemoryBytes must be 1048576 (1 MiB) or more, but was " + bytes + " bytes");
      }
      sharedMemoryBytes = bytes;
      return this;
    }

    /**
     * Sets the readiness probe. Default: {@link ReadinessProbe#tcp()}. A probe of your own is not
     * stored with the deployment: after a restart {@code tcp()} takes its place until it is
     * deployed again.
     *
     * @param probe the probe
     * @return this
     */
    public Builder readiness(ReadinessProbe probe) {
      readiness = requireNonNull(probe, "readiness");
      return this;
    }

    /**
     * Sets how long an instance may take to become ready. Default: 10 minutes.
     *
     * @param value 1 millisecond to 24 hours
     * @return this
     */
    public Builder startTimeout(Duration value) {
      startTimeout =
          Arguments.inRange("startTimeout", value, Duration.ofMillis(1), Duration.ofHours(24));
      return this;
    }

    /**
     * Sets how long an instance is kept without a request. Default: the engine's policy.
     *
     * @param value 0 or longer
     * @return this
     */
    public Builder idleTimeout(Duration value) {
      return idlePolicy(IdlePolicy.after(value));
    }

    /**
     * Sets when an instance without requests is released. Default: the engine's policy. A policy of
     * your own is not stored with the deployment: deploy it again after a restart.
     *
     * @param policy the policy
     * @return this
     */
    public Builder idlePolicy(IdlePolicy policy) {
      idlePolicy = requireNonNull(policy, "idlePolicy");
      return this;
    }

    /**
     * Sets how many instances are kept even without requests. Default: 0. One that is released, or
     * ends, is replaced.
     *
     * @param value 0 to {@code maxInstances}
     * @return this
     */
    public Builder minInstances(int value) {
      minInstances = Arguments.inRange("minInstances", value, 0, 1000, " instances");
      return this;
    }

    /**
     * Sets how many instances may exist at once. Default: 1.
     *
     * @param value 1 to 1000
     * @return this
     */
    public Builder maxInstances(int value) {
      maxInstances = Arguments.inRange("maxInstances", value, 1, 1000, " instances");
      return this;
    }

    /**
     * Sets how many requests one instance serves at once. Default: {@link #UNLIMITED}.
     *
     * @param value 1 or more
     * @return this
     */
    public Builder concurrency(int value) {
      concurrency = Arguments.inRange("concurrency", value, 1, UNLIMITED, " requests");
      return this;
    }

    /**
     * Sets how many requests may wait. Default: 1000. With 0 no request ever starts an instance: a
     * request that cannot be served at once is refused with {@link ErrorCode#QUEUE_FULL}.
     *
     * @param value 0 to 1000000
     * @return this
     */
    public Builder maxPending(int value) {
      maxPending = Arguments.inRange("maxPending", value, 0, 1_000_000, " requests");
      return this;
    }

    /**
     * Sets how long an instance gets to end by itself when it is released. Default: 10 seconds.
     *
     * @param value 0 to 1 hour
     * @return this
     */
    public Builder releaseGrace(Duration value) {
      releaseGrace = Arguments.inRange("releaseGrace", value, Duration.ZERO, Duration.ofHours(1));
      return this;
    }

    /**
     * Sets how long starts are held back after failures. Default: 1 second, doubling to 1 minute.
     *
     * @param first after the first failure, 1 millisecond to 1 hour
     * @param max the longest delay, {@code first} to 24 hours
     * @return this
     */
    public Builder startBackoff(Duration first, Duration max) {
      Arguments.inRange("startBackoff (first)", first, Duration.ofMillis(1), Duration.ofHours(1));
      Arguments.inRange("startBackoff (max)", max, first, Duration.ofHours(24));
      startBackoff = first;
      maxStartBackoff = max;
      return this;
    }

    /**
     * Sets the price of one instance for an hour. Default: the engine's cost meter decides.
     *
     * @param price 0 or more
     * @return this
     */
    public Builder pricePerHour(Money price) {
      requireNonNull(price, "pricePerHour");
      if (price.amount().signum() < 0) {
        throw new IllegalArgumentException("pricePerHour must be 0 or more, but was " + price);
      }
      pricePerHour = price;
      return this;
    }

    /**
     * Returns the specification.
     *
     * @return the specification
     * @throws IllegalArgumentException if settings are missing or do not go together
     */
    public DeploymentSpec build() {
      if (port < 0) {
        throw new IllegalArgumentException(
            "deployment '" + name + "' needs a port: the one that its service listens on");
      }
      if (minInstances > maxInstances) {
        throw new IllegalArgumentException(
            "minInstances must be at most maxInstances ("
                + maxInstances
                + "), but was "
                + minInstances
                + " instances");
      }
      return new DeploymentSpec(this);
    }

    /**
     * Checks a reference: it is shown in logs and on pages, and no image's name has control
     * characters.
     */
    private static String reference(String parameter, String value) {
      if (!PlainText.isLine(Arguments.notBlank(parameter, value))) {
        throw new IllegalArgumentException(
            parameter
                + " must not contain control characters, but was '"
                + PlainText.line(value)
                + "'");
      }
      return value;
    }
  }
}
