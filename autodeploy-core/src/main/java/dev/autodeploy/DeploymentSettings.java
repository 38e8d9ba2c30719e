package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.ReadinessProbe;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a deployment with their defaults and setters, each of which checks its value: all
 * of {@link DeploymentSpec.Builder} but for {@code build()}. Not thread-safe.
 *
 * @param <B> the builder itself
 */
abstract class DeploymentSettings<B extends DeploymentSettings<B>> implements Cloneable {
  private static final Pattern ENV_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  private static final long MIN_MEMORY = 6 << 20;
  private static final double MIN_CPUS = 0.01;
  private static final double MAX_CPUS = 10_000;
  private static final int MIN_PROCESSES = 10;
  private static final Duration START_TIMEOUT = Duration.ofMinutes(10);
  private static final Duration RELEASE_GRACE = Duration.ofSeconds(10);
  private static final Duration START_BACKOFF = Duration.ofSeconds(1);
  private static final Duration MAX_START_BACKOFF = Duration.ofMinutes(1);

  String description = "";
  @Nullable String image;
  @Nullable String snapshot;
  GpuRequest gpu = GpuRequest.none();
  int port = -1;
  @Nullable String startCommand;
  List<String> arguments = List.of();
  Map<String, String> environment = new LinkedHashMap<>();
  List<Mount> mounts = new ArrayList<>();
  @Nullable Long sharedMemoryBytes;
  @Nullable Long memoryBytes;
  @Nullable Double cpus;
  @Nullable Integer maxProcesses;
  @Nullable String workingDirectory;
  ReadinessProbe readiness = ReadinessProbe.tcp();
  Duration startTimeout = START_TIMEOUT;
  @Nullable IdlePolicy idlePolicy;
  int minInstances;
  int maxInstances = 1;
  int priority;
  boolean pinned;
  int concurrency = DeploymentSpec.UNLIMITED;
  int maxPending = 1000;
  Duration releaseGrace = RELEASE_GRACE;
  Duration startBackoff = START_BACKOFF;
  Duration maxStartBackoff = MAX_START_BACKOFF;
  @Nullable Money pricePerHour;
  boolean preserveHost = true;
  int linkPort;

  DeploymentSettings() {}

  /** Returns this, under its own type. */
  abstract B self();

  /**
   * Copies these settings; a setter called on the one does not change the other.
   *
   * @return the copy
   */
  B copy() {
    try {
      @SuppressWarnings("unchecked") // a clone has the type of what it is cloned from
      B copy = (B) clone();
      copy.environment = new LinkedHashMap<>(environment);
      copy.mounts = new ArrayList<>(mounts);
      return copy;
    } catch (CloneNotSupportedException e) {
      throw new AssertionError("settings can be cloned", e);
    }
  }

  /** Copies these settings for a specification: in little memory, not to be set again. */
  B frozen() {
    B frozen = copy();
    frozen.environment =
        environment.size() <= 1 // has no order, and weighs a fraction
            ? Map.copyOf(environment)
            : Collections.unmodifiableMap(new LinkedHashMap<>(environment));
    frozen.mounts = List.copyOf(mounts);
    return frozen;
  }

  /**
   * Sets the description.
   *
   * @param value a short text for people, at most 1000 characters
   * @return this
   */
  public B description(String value) {
    requireNonNull(value, "description");
    if (value.length() > 1000) {
      throw new IllegalArgumentException(
          "description must be 0 to 1000 characters, but was " + value.length() + " characters");
    }
    description = value;
    return self();
  }

  /**
   * Sets the image that instances start from, instead of a snapshot: an instance starts from one of
   * them, and the later call counts.
   *
   * @param reference the image's reference as the provider understands it
   * @return this
   */
  public B image(String reference) {
    image = reference("image", reference);
    snapshot = null;
    return self();
  }

  /**
   * Sets the snapshot that instances start from, instead of an image: an instance starts from one
   * of them, and the later call counts. Whether the snapshot exists is found out when an instance
   * starts.
   *
   * @param reference the snapshot's name, or the reference that {@link Deployment#snapshot} gave
   * @return this
   */
  public B snapshot(String reference) {
    snapshot = reference("snapshot", reference);
    image = null;
    return self();
  }

  /**
   * Sets the GPUs that each instance gets. Default: none.
   *
   * @param request the request
   * @return this
   */
  public B gpu(GpuRequest request) {
    gpu = requireNonNull(request, "gpu");
    return self();
  }

  /**
   * Sets the port that the service listens on. Required.
   *
   * @param value 1 to 65535; or 0 where the provider tells each instance its port in the
   *     environment variable {@code PORT}: to a local process a free one, to a container 8080
   * @return this
   */
  public B port(int value) {
    port = Arguments.inRange("port", value, 0, 65535, "");
    return self();
  }

  /**
   * Sets the shell line that starts the service, in place of the image's entrypoint and command.
   * Default: what the image starts. Of this and {@link #arguments} the later call counts.
   *
   * @param line a line for {@code /bin/sh -c}
   * @return this
   */
  public B startCommand(String line) {
    startCommand = Arguments.notBlank("startCommand", line);
    arguments = List.of();
    return self();
  }

  /**
   * Sets the arguments for the image's entrypoint, in place of the image's command. Default: what
   * the image starts. Of this and {@link #startCommand} the later call counts.
   *
   * @param values the arguments, which no shell takes apart; none for the image's own
   * @return this
   */
  public B arguments(String... values) {
    List<String> copy = List.of(values);
    if (copy.stream().anyMatch(value -> value.indexOf('\0') >= 0)) {
      throw new IllegalArgumentException("arguments must not contain NUL");
    }
    arguments = copy;
    if (!copy.isEmpty()) {
      startCommand = null;
    }
    return self();
  }

  /**
   * Adds an environment variable.
   *
   * @param variable its name
   * @param value its value, which may be a secret
   * @return this
   */
  public B environment(String variable, String value) {
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
    return self();
  }

  /**
   * Adds environment variables.
   *
   * @param variables name to value
   * @return this
   */
  public B environment(Map<String, String> variables) {
    variables.forEach(this::environment);
    return self();
  }

  /**
   * Adds a mount.
   *
   * @param mount what the instance sees of its host's files
   * @return this
   */
  public B mount(Mount mount) {
    mounts.add(requireNonNull(mount, "mount"));
    return self();
  }

  /**
   * Sets the size of the shared memory. Default: the provider's.
   *
   * @param bytes 1 MiB (1048576) or more
   * @return this
   */
  public B sharedMemoryBytes(long bytes) {
    if (bytes < 1 << 20) {
      throw new IllegalArgumentException(
          "sharedMemoryBytes must be 1048576 (1 MiB) or more, but was " + bytes + " bytes");
    }
    sharedMemoryBytes = bytes;
    return self();
  }

  /**
   * Sets how much memory each instance may use; one that needs more is ended as out of memory.
   * Default: no limit.
   *
   * @param bytes 6 MiB (6291456) or more
   * @return this
   */
  public B memoryBytes(long bytes) {
    if (bytes < MIN_MEMORY) {
      throw new IllegalArgumentException(
          "memoryBytes must be " + MIN_MEMORY + " (6 MiB) or more, but was " + bytes + " bytes");
    }
    memoryBytes = bytes;
    return self();
  }

  /**
   * Sets how many processors' time each instance may use. Default: no limit.
   *
   * @param value 0.01 to 10000, such as 1.5
   * @return this
   */
  public B cpus(double value) {
    if (!(value >= MIN_CPUS && value <= MAX_CPUS)) {
      throw new IllegalArgumentException("cpus must be 0.01 to 10000, but was " + value);
    }
    cpus = value;
    return self();
  }

  /**
   * Sets how many processes and threads each instance may have. Default: no limit.
   *
   * @param value 10 or more
   * @return this
   */
  public B maxProcesses(int value) {
    if (value < MIN_PROCESSES) {
      throw new IllegalArgumentException("maxProcesses must be 10 or more, but was " + value);
    }
    maxProcesses = value;
    return self();
  }

  /**
   * Sets the directory in which the service starts. Default: the image's, or the provider's.
   *
   * @param path an absolute path, in the container or on the machine of a local process
   * @return this
   */
  public B workingDirectory(String path) {
    if (!path.startsWith("/") || path.indexOf(0) >= 0) {
      throw new IllegalArgumentException(
          "workingDirectory must be an absolute path, but was '" + path + "'");
    }
    workingDirectory = path;
    return self();
  }

  /**
   * Sets the readiness probe. Default: {@link ReadinessProbe#tcp()}. A probe of your own is not
   * stored with the deployment: after a restart {@code tcp()} takes its place until it is deployed
   * again.
   *
   * @param probe the probe
   * @return this
   */
  public B readiness(ReadinessProbe probe) {
    readiness = requireNonNull(probe, "readiness");
    return self();
  }

  /**
   * Sets how long an instance may take to become ready. Default: 10 minutes.
   *
   * @param value 1 millisecond to 24 hours
   * @return this
   */
  public B startTimeout(Duration value) {
    startTimeout =
        Arguments.inRange("startTimeout", value, Duration.ofMillis(1), Duration.ofHours(24));
    return self();
  }

  /**
   * Sets how long an instance is kept without a request. Default: the engine's policy.
   *
   * @param value 0 or longer
   * @return this
   */
  public B idleTimeout(Duration value) {
    return idlePolicy(IdlePolicy.after(value));
  }

  /**
   * Sets when an instance without requests is released. Default: the engine's policy. A policy of
   * your own is not stored with the deployment: deploy it again after a restart.
   *
   * @param policy the policy
   * @return this
   */
  public B idlePolicy(IdlePolicy policy) {
    idlePolicy = requireNonNull(policy, "idlePolicy");
    return self();
  }

  /**
   * Sets how many instances are kept even without requests. Default: 0. One that is released, or
   * ends, is replaced.
   *
   * @param value 0 to {@code maxInstances}
   * @return this
   */
  public B minInstances(int value) {
    minInstances = Arguments.inRange("minInstances", value, 0, 1000, " instances");
    return self();
  }

  /**
   * Sets how many instances may exist at once. Default: 1.
   *
   * @param value 1 to 1000
   * @return this
   */
  public B maxInstances(int value) {
    maxInstances = Arguments.inRange("maxInstances", value, 1, 1000, " instances");
    return self();
  }

  /**
   * Sets the priority among deployments that share GPUs: where room is needed and several idle
   * instances could make it, those of the lowest priority go first. It changes nothing about the
   * order in which requests get room. Default: 0.
   *
   * @param value -1000 to 1000
   * @return this
   */
  public B priority(int value) {
    priority = Arguments.inRange("priority", value, -1000, 1000, "");
    return self();
  }

  /**
   * Sets whether instances keep their GPUs although other deployments wait for them; the idle
   * timeout still ends them. Default: false.
   *
   * @param value true to keep them
   * @return this
   */
  public B pinned(boolean value) {
    pinned = value;
    return self();
  }

  /**
   * Sets how many requests one instance serves at once. Default: {@link DeploymentSpec#UNLIMITED}.
   *
   * @param value 1 or more
   * @return this
   */
  public B concurrency(int value) {
    concurrency = Arguments.inRange("concurrency", value, 1, DeploymentSpec.UNLIMITED, " requests");
    return self();
  }

  /**
   * Sets how many requests may wait. Default: 1000. With 0 no request ever starts an instance: a
   * request that cannot be served at once is refused with {@link ErrorCode#QUEUE_FULL}.
   *
   * @param value 0 to 1000000
   * @return this
   */
  public B maxPending(int value) {
    maxPending = Arguments.inRange("maxPending", value, 0, 1_000_000, " requests");
    return self();
  }

  /**
   * Sets whether instances see the host of the link in {@code Host}, as the client named it: then
   * redirects that they make from it lead back, and checks of {@code Origin} against it pass. With
   * false they see their own address, as Ollama and other servers need that listen on loopback and
   * refuse every other name; the origin of the link's own pages becomes theirs with it. Default:
   * true.
   *
   * @param value whether they do
   * @return this
   */
  public B preserveHost(boolean value) {
    preserveHost = value;
    return self();
  }

  /**
   * Sets the port of the deployment's own link, where a proxy gives each deployment one ({@code
   * linkPorts}). Default: 0, which keeps the port that it has, or else the proxy chooses one; what
   * is chosen is kept with the deployment.
   *
   * @param value 0 to 65535
   * @return this
   */
  public B linkPort(int value) {
    linkPort = Arguments.inRange("linkPort", value, 0, 65_535, "");
    return self();
  }

  /**
   * Sets how long an instance gets to end by itself when it is released. Default: 10 seconds.
   *
   * @param value 0 to 1 hour
   * @return this
   */
  public B releaseGrace(Duration value) {
    releaseGrace = Arguments.inRange("releaseGrace", value, Duration.ZERO, Duration.ofHours(1));
    return self();
  }

  /**
   * Sets how long starts are held back after failures. Default: 1 second, doubling to 1 minute.
   *
   * @param first after the first failure, 1 millisecond to 1 hour
   * @param max the longest delay, {@code first} to 24 hours
   * @return this
   */
  public B startBackoff(Duration first, Duration max) {
    Arguments.inRange("startBackoff (first)", first, Duration.ofMillis(1), Duration.ofHours(1));
    Arguments.inRange("startBackoff (max)", max, first, Duration.ofHours(24));
    startBackoff = first;
    maxStartBackoff = max;
    return self();
  }

  /**
   * Sets the price of one instance for an hour. Default: the engine's cost meter decides.
   *
   * @param price 0 or more
   * @return this
   */
  public B pricePerHour(Money price) {
    requireNonNull(price, "pricePerHour");
    if (price.amount().signum() < 0) {
      throw new IllegalArgumentException("pricePerHour must be 0 or more, but was " + price);
    }
    pricePerHour = price;
    return self();
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
