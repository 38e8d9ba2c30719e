package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.policy.IdlePolicies;
import dev.autodeploy.internal.probe.Probes;
import dev.autodeploy.internal.util.Durations;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.ReadinessProbe;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

// Over 500 lines: a getter for each setting, with its words.
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

  private static final int SHORTEST_SECRET = 6;
  private static final String MASK = "••••••";

  private final Builder settings;

  private DeploymentSpec(Builder settings) {
    this.settings = settings;
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
    return settings.copy();
  }

  /**
   * Returns the name, which is part of the link.
   *
   * @return a DNS label
   */
  public String name() {
    return settings.name;
  }

  /**
   * Returns the description.
   *
   * @return a short text for people, possibly empty
   */
  public String description() {
    return settings.description;
  }

  /**
   * Returns the image that instances start from.
   *
   * @return the reference, or null
   */
  public @Nullable String image() {
    return settings.image;
  }

  /**
   * Returns the snapshot that instances start from.
   *
   * @return the reference, or null
   */
  public @Nullable String snapshot() {
    return settings.snapshot;
  }

  /**
   * Returns the GPUs that each instance gets.
   *
   * @return the request, by default none
   */
  public GpuRequest gpu() {
    return settings.gpu;
  }

  /**
   * Returns the port that the service listens on.
   *
   * @return the port; 0 if each instance is told one in {@code PORT}
   */
  public int port() {
    return settings.port;
  }

  /**
   * Returns the shell line that starts the service.
   *
   * @return the line, or null to start what the image starts
   */
  public @Nullable String startCommand() {
    return settings.startCommand;
  }

  /**
   * Returns the arguments for what the image starts.
   *
   * @return the arguments; empty to leave those of the image
   */
  public List<String> arguments() {
    return settings.arguments;
  }

  /**
   * Returns the environment variables of each instance. Their values can be secrets: they are never
   * logged or shown.
   *
   * @return name to value, in the order given
   */
  public Map<String, String> environment() {
    return settings.environment;
  }

  /**
   * Returns what each instance sees of its host's files.
   *
   * @return the mounts
   */
  public List<Mount> mounts() {
    return settings.mounts;
  }

  /**
   * Returns the size of each instance's shared memory.
   *
   * @return bytes, or null for the provider's default
   */
  public @Nullable Long sharedMemoryBytes() {
    return settings.sharedMemoryBytes;
  }

  /**
   * Returns how much memory each instance may use.
   *
   * @return bytes, or null for no limit
   */
  public @Nullable Long memoryBytes() {
    return settings.memoryBytes;
  }

  /**
   * Returns how many processors' time each instance may use.
   *
   * @return the number, or null for no limit
   */
  public @Nullable Double cpus() {
    return settings.cpus;
  }

  /**
   * Returns how many processes and threads each instance may have.
   *
   * @return the number, or null for no limit
   */
  public @Nullable Integer maxProcesses() {
    return settings.maxProcesses;
  }

  /**
   * Returns the directory in which the service starts.
   *
   * @return an absolute path, or null for the image's or the provider's
   */
  public @Nullable String workingDirectory() {
    return settings.workingDirectory;
  }

  /**
   * Returns the readiness probe of its instances.
   *
   * @return the probe, by default {@link ReadinessProbe#tcp()}
   */
  public ReadinessProbe readiness() {
    return settings.readiness;
  }

  /**
   * Returns whether what instances need is fetched ahead.
   *
   * @return whether it is
   */
  public boolean prepareAhead() {
    return settings.prepareAhead;
  }

  /**
   * Returns the pause between two probes.
   *
   * @return the pause, or null for one that grows with the time so far
   */
  public @Nullable Duration probeInterval() {
    return settings.probeInterval;
  }

  /**
   * Returns how many probes in a row have to say yes.
   *
   * @return the number
   */
  public int probeThreshold() {
    return settings.probeThreshold;
  }

  /**
   * Returns how long an instance may take to become ready.
   *
   * @return the time, by default 10 minutes
   */
  public Duration startTimeout() {
    return settings.startTimeout;
  }

  /**
   * Returns by which multiple of its usual starts an instance may take to become ready, if that is
   * longer than {@link #startTimeout()}.
   *
   * @return the factor, or null for none
   */
  public @Nullable Double startTimeoutFactor() {
    return settings.startTimeoutFactor;
  }

  /**
   * Returns when an instance without requests is released.
   *
   * @return the policy, or null for the engine's
   */
  public @Nullable IdlePolicy idlePolicy() {
    return settings.idlePolicy;
  }

  /**
   * Returns how instances are put to sleep and woken.
   *
   * @return the mode, or null if they do not sleep
   */
  public @Nullable SleepMode sleepMode() {
    return settings.sleepMode;
  }

  /**
   * Returns how long an instance is kept awake without a request.
   *
   * @return the time, or null if it is put to sleep only for others
   */
  public @Nullable Duration sleepAfter() {
    return settings.sleepAfter;
  }

  /**
   * Returns the schedule.
   *
   * @return the schedule, or null for none
   */
  public @Nullable Schedule schedule() {
    return settings.schedule;
  }

  /**
   * Returns the most that the deployment may spend.
   *
   * @return the budget, or null for none
   */
  public @Nullable Budget budget() {
    return settings.budget;
  }

  /**
   * Returns how many instances are kept even without requests.
   *
   * @return the number, by default 0
   */
  public int minInstances() {
    return settings.minInstances;
  }

  /**
   * Returns how many instances may exist at once.
   *
   * @return the number, by default 1
   */
  public int maxInstances() {
    return settings.maxInstances;
  }

  /**
   * Returns the priority among deployments that share GPUs.
   *
   * @return a number; where room is needed the lowest goes first
   */
  public int priority() {
    return settings.priority;
  }

  /**
   * Returns whether instances keep their GPUs although other deployments wait for them.
   *
   * @return true if they are not made to go
   */
  public boolean pinned() {
    return settings.pinned;
  }

  /**
   * Returns how many requests one instance serves at once.
   *
   * @return the number, by default {@link #UNLIMITED}
   */
  public int concurrency() {
    return settings.concurrency;
  }

  /**
   * Returns how many requests may wait.
   *
   * @return the number, by default 1000
   */
  public int maxPending() {
    return settings.maxPending;
  }

  /**
   * Returns the probe that tells whether an instance that is ready still works.
   *
   * @return the probe, or null if it is not asked again
   */
  public @Nullable ReadinessProbe liveness() {
    return settings.liveness;
  }

  /**
   * Returns the pause between two questions of the liveness probe.
   *
   * @return the pause, by default 30 seconds
   */
  public Duration livenessInterval() {
    return settings.livenessInterval;
  }

  /**
   * Returns how many times in a row an instance fails the liveness probe before it is replaced.
   *
   * @return the number, by default 3
   */
  public int livenessThreshold() {
    return settings.livenessThreshold;
  }

  /**
   * Returns how long one request may occupy its instance.
   *
   * @return the time, or null for no limit
   */
  public @Nullable Duration maxRequestTime() {
    return settings.maxRequestTime;
  }

  /**
   * Returns how old an instance may get.
   *
   * @return the time since it was ready, or null for no limit
   */
  public @Nullable Duration maxLifetime() {
    return settings.maxLifetime;
  }

  /**
   * Returns how long an instance gets to end by itself when it is released.
   *
   * @return the time, by default 10 seconds
   */
  public Duration releaseGrace() {
    return settings.releaseGrace;
  }

  /**
   * Returns how long starts are held back after the first failure; it doubles with each further
   * one.
   *
   * @return the time, by default 1 second
   */
  public Duration startBackoff() {
    return settings.startBackoff;
  }

  /**
   * Returns how long starts are held back at most.
   *
   * @return the time, by default 1 minute
   */
  public Duration maxStartBackoff() {
    return settings.maxStartBackoff;
  }

  /**
   * Returns the price of one instance for an hour.
   *
   * @return the price, or null to ask the engine's cost meter
   */
  public @Nullable Money pricePerHour() {
    return settings.pricePerHour;
  }

  /**
   * Returns whether instances see the host of the link.
   *
   * @return true by default; false if they see their own address
   */
  public boolean preserveHost() {
    return settings.preserveHost;
  }

  /**
   * Returns the port of the deployment's own link.
   *
   * @return the port, or 0 if it has none
   */
  public int linkPort() {
    return settings.linkPort;
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
    values.add(name());
    values.add(description());
    values.add(image());
    values.add(snapshot());
    values.add(gpu());
    values.add(port());
    values.add(startCommand());
    values.add(arguments());
    values.add(environment());
    values.add(mounts());
    values.add(sharedMemoryBytes());
    values.add(memoryBytes());
    values.add(cpus());
    values.add(maxProcesses());
    values.add(workingDirectory());
    values.add(readiness());
    values.add(probeInterval());
    values.add(probeThreshold());
    values.add(startTimeout());
    values.add(startTimeoutFactor());
    values.add(prepareAhead());
    values.add(idlePolicy());
    values.add(sleepMode());
    values.add(sleepAfter());
    values.add(schedule());
    values.add(budget());
    values.add(minInstances());
    values.add(maxInstances());
    values.add(priority());
    values.add(pinned());
    values.add(concurrency());
    values.add(maxPending());
    values.add(liveness());
    values.add(livenessInterval());
    values.add(livenessThreshold());
    values.add(maxRequestTime());
    values.add(maxLifetime());
    values.add(releaseGrace());
    values.add(startBackoff());
    values.add(maxStartBackoff());
    values.add(pricePerHour());
    values.add(preserveHost());
    values.add(linkPort());
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
    if (environment().isEmpty()) {
      return text;
    }
    String redacted = text;
    for (String secret : longestFirst(environment().values())) {
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
        + name()
        + ", image="
        + image()
        + ", snapshot="
        + snapshot()
        + ", gpu="
        + gpu()
        + ", port="
        + port()
        + ", startCommand="
        + startCommand()
        + ", arguments="
        + arguments()
        + ", environment="
        + environment().keySet()
        + ", minInstances="
        + minInstances()
        + ", maxInstances="
        + maxInstances()
        + ", concurrency="
        + concurrency()
        + "]";
  }

  /** Collects the settings of a deployment. Not thread-safe. Every setter checks its value. */
  public static final class Builder extends DeploymentSettings<Builder> {
    private final String name;

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

    @Override
    Builder self() {
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
      if (schedule != null && schedule.mostWarm() > maxInstances) {
        throw new IllegalArgumentException(
            "the schedule keeps "
                + schedule.mostWarm()
                + " instances warm, but maxInstances is "
                + maxInstances);
      }
      Money most = budget == null ? null : budget.money();
      if (most != null
          && pricePerHour != null
          && !most.currency().equals(pricePerHour.currency())) {
        throw new IllegalArgumentException(
            "the budget is in "
                + most.currency()
                + ", but pricePerHour in "
                + pricePerHour.currency());
      }
      checkSleep();
      checkVariables("readiness", readiness);
      if (liveness != null) {
        checkVariables("liveness", liveness);
      }
      return new DeploymentSpec(frozen());
    }

    private void checkSleep() {
      if (sleepMode == null && sleepAfter != null) {
        throw new IllegalArgumentException(
            "sleepAfter needs a sleepMode: how an instance is put to sleep and woken");
      }
      if (sleepAfter != null
          && idlePolicy instanceof IdlePolicies.After after
          && sleepAfter.compareTo(after.timeout()) >= 0) {
        throw new IllegalArgumentException(
            "sleepAfter must be shorter than the idle timeout ("
                + Durations.text(after.timeout())
                + "), after which an instance is released, but was "
                + Durations.text(sleepAfter));
      }
    }

    private void checkVariables(String kind, ReadinessProbe probe) {
      for (String variable : Probes.variables(probe)) {
        if (!environment.containsKey(variable)) {
          throw new IllegalArgumentException(
              "the "
                  + kind
                  + " probe of deployment '"
                  + name
                  + "' refers to "
                  + variable
                  + ", which is no environment variable of the deployment");
        }
      }
    }
  }
}
