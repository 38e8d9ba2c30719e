package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.internal.util.Arguments;
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
 * The settings of a deployment's instances, what they are made of and run with: the first half of
 * {@link DeploymentSettings}. Not thread-safe.
 *
 * @param <B> the builder itself
 */
abstract class InstanceSettings<B extends InstanceSettings<B>> implements Cloneable {
  private static final Pattern ENV_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
  private static final long MIN_MEMORY = 6 << 20;
  private static final double MIN_CPUS = 0.01;
  private static final double MAX_CPUS = 10_000;
  private static final int MIN_PROCESSES = 10;
  private static final Duration LIVENESS_INTERVAL = Duration.ofSeconds(30);
  private static final int LIVENESS_THRESHOLD = 3;

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
  @Nullable Duration probeInterval;
  int probeThreshold = 1;
  @Nullable ReadinessProbe liveness;
  Duration livenessInterval = LIVENESS_INTERVAL;
  int livenessThreshold = LIVENESS_THRESHOLD;

  InstanceSettings() {}

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
    frozen.gpu = gpu.equals(GpuRequest.none()) ? GpuRequest.none() : gpu;
    return frozen;
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
   * Default: what the image starts. Of this and {@code arguments} the later call counts.
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
   * the image starts. Of this and {@code startCommand} the later call counts.
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
    sharedMemoryBytes = Arguments.atLeast("sharedMemoryBytes", bytes, 1 << 20, " bytes");
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
    memoryBytes = Arguments.atLeast("memoryBytes", bytes, MIN_MEMORY, " bytes");
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
    maxProcesses = Arguments.atLeast("maxProcesses", value, MIN_PROCESSES);
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
   * Sets the pause between two probes of a starting instance. Default: from 1 millisecond at first
   * to 100 milliseconds, a twentieth of the time so far.
   *
   * @param value 1 millisecond to 1 hour
   * @return this
   */
  public B probeInterval(Duration value) {
    probeInterval =
        Arguments.inRange("probeInterval", value, Duration.ofMillis(1), Duration.ofHours(1));
    return self();
  }

  /**
   * Sets how many probes in a row have to say yes before an instance is ready. Default: 1.
   *
   * @param value 1 to 100
   * @return this
   */
  public B probeThreshold(int value) {
    probeThreshold = Arguments.inRange("probeThreshold", value, 1, 100, " probes");
    return self();
  }

  /**
   * Sets the probe that tells whether an instance that is ready still works. It is asked only while
   * the instance serves nothing, and an answer during which a request came does not count: one that
   * is busy is never ended by it. An instance that fails it {@code livenessThreshold} times in a
   * row is replaced, as far as one is needed. Default: an instance is never asked again. A probe of
   * your own is not stored with the deployment.
   *
   * @param probe the probe; best one of HTTP, as a server that hangs may still accept connections
   * @return this
   */
  public B liveness(ReadinessProbe probe) {
    liveness = requireNonNull(probe, "liveness");
    return self();
  }

  /**
   * Sets the pause between two questions of {@code liveness}; an answer that takes longer counts as
   * a failure. Default: 30 seconds.
   *
   * @param value 1 second to 1 hour
   * @return this
   */
  public B livenessInterval(Duration value) {
    livenessInterval =
        Arguments.inRange("livenessInterval", value, Duration.ofSeconds(1), Duration.ofHours(1));
    return self();
  }

  /**
   * Sets how many times in a row an instance has to fail {@code liveness} to be replaced. Default:
   * 3.
   *
   * @param value 1 to 100
   * @return this
   */
  public B livenessThreshold(int value) {
    livenessThreshold = Arguments.inRange("livenessThreshold", value, 1, 100, " probes");
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
