package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.spi.StartProgress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A deployment as it is at a moment. Immutable and consistent in itself.
 *
 * @param deployment the deployment's name
 * @param state the state in the users' three words
 * @param instances its instances, oldest first
 * @param inFlight how many leases are open
 * @param pending how many requests wait for an instance
 * @param lastFailure why the last start failed, or null if it did not
 * @param lastFailureAt when that was, or null
 * @param backoffUntil until when no start is tried after that, or null
 * @param waitsFor for which GPUs it waits in line, or null if it does not
 * @param preparation how far it is to fetch ahead what instances need, or null if nothing is
 * @param requests how many acquires there have been in this process
 * @param coldStarts how many leases of this process waited for a start
 * @param pendingTime for how long requests of this process were pending in all until they got a
 *     lease
 * @param starts how many starts were requested in this process
 * @param startFailures how many of them failed
 * @param degraded what the next start needs and does not find, or null
 * @param unpriced why no price applies to its instances, which then count as free of charge, or
 *     null if one does
 * @param startEstimate how long starts take, or null while none has succeeded
 */
public record DeploymentStatus(
    String deployment,
    DeploymentState state,
    List<InstanceInfo> instances,
    int inFlight,
    int pending,
    @Nullable StartFailure lastFailure,
    @Nullable Instant lastFailureAt,
    @Nullable Instant backoffUntil,
    @Nullable PlaceInLine waitsFor,
    @Nullable StartProgress preparation,
    long requests,
    long coldStarts,
    Duration pendingTime,
    long starts,
    long startFailures,
    @Nullable String degraded,
    @Nullable String unpriced,
    @Nullable StartEstimate startEstimate) {

  /**
   * Checks the values.
   *
   * @param deployment the deployment's name
   * @param state the state in the users' three words
   * @param instances its instances, oldest first
   * @param inFlight how many leases are open
   * @param pending how many requests wait for an instance
   * @param lastFailure why the last start failed, or null if it did not
   * @param lastFailureAt when that was, or null
   * @param backoffUntil until when no start is tried after that, or null
   * @param waitsFor for which GPUs it waits in line, or null if it does not
   * @param preparation how far it is to fetch ahead what instances need, or null if nothing is
   * @param requests how many acquires there have been in this process
   * @param coldStarts how many leases of this process waited for a start
   * @param pendingTime for how long requests of this process were pending in all until they got a
   *     lease
   * @param starts how many starts were requested in this process
   * @param startFailures how many of them failed
   * @param degraded what the next start needs and does not find, or null
   * @param unpriced why no price applies to its instances, or null if one does
   * @param startEstimate how long starts take, or null while none has succeeded
   */
  public DeploymentStatus {
    instances = List.copyOf(instances);
  }

  /**
   * Begins the status of a deployment on standby that was never used, as a test of an application
   * needs one.
   *
   * @param deployment the deployment's name
   * @return a builder
   */
  public static Builder builder(String deployment) {
    return new Builder(deployment);
  }

  /**
   * Says in a sentence what pending requests wait for.
   *
   * @return the sentence, for people
   */
  public String explain() {
    String requests = pending == 1 ? "1 request " : pending + " requests: it ";
    PlaceInLine line = waitsFor;
    if (line != null) {
      return (pending == 0 ? "An instance " : requests) + line.describe();
    }
    if (pending == 0) {
      return "No request waits";
    }
    if (backoffUntil != null) {
      return requests + "waits for the next attempt to start an instance, at " + backoffUntil;
    }
    if (count(InstancePhase.STARTING) > 0) {
      return requests + "waits for an instance that is being started";
    }
    if (count(InstancePhase.WAKING) > 0) {
      return requests + "waits for an instance that is being woken";
    }
    if (count(InstancePhase.FALLING_ASLEEP) > 0) {
      return requests + "waits for an instance that falls asleep, and is woken then";
    }
    return requests + "waits for an instance to have room";
  }

  /**
   * Returns the number of instances in a phase.
   *
   * @param phase the phase
   * @return how many
   */
  public int count(InstancePhase phase) {
    return (int) instances.stream().filter(i -> i.phase() == phase).count();
  }

  /** Collects what is known of a deployment. Not thread-safe. */
  public static final class Builder {
    private final String deployment;
    private DeploymentState state = DeploymentState.STANDBY;
    private List<InstanceInfo> instances = List.of();
    private int inFlight = 0;
    private int pending = 0;
    private @Nullable StartFailure lastFailure;
    private @Nullable Instant lastFailureAt;
    private @Nullable Instant backoffUntil;
    private @Nullable PlaceInLine waitsFor;
    private @Nullable StartProgress preparation;
    private long requests = 0;
    private long coldStarts = 0;
    private Duration pendingTime = Duration.ZERO;
    private long starts = 0;
    private long startFailures = 0;
    private @Nullable String degraded;
    private @Nullable String unpriced;
    private @Nullable StartEstimate startEstimate;

    private Builder(String deployment) {
      this.deployment = requireNonNull(deployment, "deployment");
    }

    /**
     * Sets the state. Default: {@link DeploymentState#STANDBY}.
     *
     * @param value the state
     * @return this
     */
    public Builder state(DeploymentState value) {
      state = requireNonNull(value, "state");
      return this;
    }

    /**
     * Sets its instances. Default: none.
     *
     * @param value the instances, oldest first
     * @return this
     */
    public Builder instances(List<InstanceInfo> value) {
      instances = List.copyOf(value);
      return this;
    }

    /**
     * Sets how many leases are open. Default: none.
     *
     * @param value the number
     * @return this
     */
    public Builder inFlight(int value) {
      inFlight = value;
      return this;
    }

    /**
     * Sets how many requests wait for an instance. Default: none.
     *
     * @param value the number
     * @return this
     */
    public Builder pending(int value) {
      pending = value;
      return this;
    }

    /**
     * Sets why the last start failed. Default: it did not.
     *
     * @param value the failure, or null
     * @return this
     */
    public Builder lastFailure(@Nullable StartFailure value) {
      lastFailure = value;
      return this;
    }

    /**
     * Sets when the last start failed. Default: it did not.
     *
     * @param value the moment, or null
     * @return this
     */
    public Builder lastFailureAt(@Nullable Instant value) {
      lastFailureAt = value;
      return this;
    }

    /**
     * Sets until when no start is tried after that. Default: one may be.
     *
     * @param value the moment, or null
     * @return this
     */
    public Builder backoffUntil(@Nullable Instant value) {
      backoffUntil = value;
      return this;
    }

    /**
     * Sets for which GPUs it waits in line. Default: for none.
     *
     * @param value its place, or null
     * @return this
     */
    public Builder waitsFor(@Nullable PlaceInLine value) {
      waitsFor = value;
      return this;
    }

    /**
     * Sets how far it is to fetch ahead what instances need. Default: nothing is fetched.
     *
     * @param value the progress, or null
     * @return this
     */
    public Builder preparation(@Nullable StartProgress value) {
      preparation = value;
      return this;
    }

    /**
     * Sets how many acquires there have been in this process. Default: none.
     *
     * @param value the number
     * @return this
     */
    public Builder requests(long value) {
      requests = value;
      return this;
    }

    /**
     * Sets how many leases of this process waited for a start. Default: none.
     *
     * @param value the number
     * @return this
     */
    public Builder coldStarts(long value) {
      coldStarts = value;
      return this;
    }

    /**
     * Sets for how long requests were pending in all until they got a lease. Default: no time.
     *
     * @param value the time
     * @return this
     */
    public Builder pendingTime(Duration value) {
      pendingTime = requireNonNull(value, "pendingTime");
      return this;
    }

    /**
     * Sets how many starts were requested in this process. Default: none.
     *
     * @param value the number
     * @return this
     */
    public Builder starts(long value) {
      starts = value;
      return this;
    }

    /**
     * Sets how many of them failed. Default: none.
     *
     * @param value the number
     * @return this
     */
    public Builder startFailures(long value) {
      startFailures = value;
      return this;
    }

    /**
     * Sets what the next start needs and does not find. Default: nothing.
     *
     * @param value the words, or null
     * @return this
     */
    public Builder degraded(@Nullable String value) {
      degraded = value;
      return this;
    }

    /**
     * Sets why no price applies to its instances. Default: one does.
     *
     * @param value the reason, or null
     * @return this
     */
    public Builder unpriced(@Nullable String value) {
      unpriced = value;
      return this;
    }

    /**
     * Sets how long starts take. Default: none has succeeded.
     *
     * @param value the estimate, or null
     * @return this
     */
    public Builder startEstimate(@Nullable StartEstimate value) {
      startEstimate = value;
      return this;
    }

    /**
     * Creates the status.
     *
     * @return the status
     */
    public DeploymentStatus build() {
      return new DeploymentStatus(
          deployment,
          state,
          instances,
          inFlight,
          pending,
          lastFailure,
          lastFailureAt,
          backoffUntil,
          waitsFor,
          preparation,
          requests,
          coldStarts,
          pendingTime,
          starts,
          startFailures,
          degraded,
          unpriced,
          startEstimate);
    }
  }
}
