package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.spi.StartProgress;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One instance as it is at a moment. Immutable.
 *
 * @param id the instance's id
 * @param slot its number within the deployment, from 0; free numbers are used again
 * @param phase its phase
 * @param startReason why it was started
 * @param endpoint where it answers, or null while that is not known
 * @param inFlight how many leases are open
 * @param startRequestedAt when its start was requested
 * @param readyAt when it became ready, or null
 * @param idleSince since when it is ready or asleep without a lease, or null if it is not
 * @param releaseAt when the idle policy releases it if no request comes, or null if it would not
 * @param releaseReason why it is being released, or null if it is not
 * @param busy for how long at least one lease was open
 * @param preparing for how long its start was prepared, as by pulling its image
 * @param asleepSince since when it is asleep, or null if it is not
 * @param asleep for how long it has been asleep in all
 * @param progress how far its start is, or null if it does not start, or that is not known
 */
public record InstanceInfo(
    String id,
    int slot,
    InstancePhase phase,
    StartReason startReason,
    @Nullable URI endpoint,
    int inFlight,
    Instant startRequestedAt,
    @Nullable Instant readyAt,
    @Nullable Instant idleSince,
    @Nullable Instant releaseAt,
    @Nullable ReleaseReason releaseReason,
    Duration busy,
    Duration preparing,
    @Nullable Instant asleepSince,
    Duration asleep,
    @Nullable StartProgress progress) {

  /**
   * Begins an instance that was just asked for, as a test of an application needs one.
   *
   * @param id the instance's id
   * @param startRequestedAt when its start was requested
   * @return a builder
   */
  public static Builder builder(String id, Instant startRequestedAt) {
    return new Builder(id, startRequestedAt);
  }

  /** Collects what is known of an instance. Not thread-safe. */
  public static final class Builder {
    private final String id;
    private final Instant startRequestedAt;
    private int slot = 0;
    private InstancePhase phase = InstancePhase.STARTING;
    private StartReason startReason = StartReason.DEMAND;
    private @Nullable URI endpoint;
    private int inFlight = 0;
    private @Nullable Instant readyAt;
    private @Nullable Instant idleSince;
    private @Nullable Instant releaseAt;
    private @Nullable ReleaseReason releaseReason;
    private Duration busy = Duration.ZERO;
    private Duration preparing = Duration.ZERO;
    private @Nullable Instant asleepSince;
    private Duration asleep = Duration.ZERO;
    private @Nullable StartProgress progress;

    private Builder(String id, Instant startRequestedAt) {
      this.id = requireNonNull(id, "id");
      this.startRequestedAt = requireNonNull(startRequestedAt, "startRequestedAt");
    }

    /**
     * Sets its number within the deployment. Default: 0.
     *
     * @param value the number, from 0
     * @return this
     */
    public Builder slot(int value) {
      slot = value;
      return this;
    }

    /**
     * Sets its phase. Default: {@link InstancePhase#STARTING}.
     *
     * @param value the phase
     * @return this
     */
    public Builder phase(InstancePhase value) {
      phase = requireNonNull(value, "phase");
      return this;
    }

    /**
     * Sets why it was started. Default: {@link StartReason#DEMAND}.
     *
     * @param value the reason
     * @return this
     */
    public Builder startReason(StartReason value) {
      startReason = requireNonNull(value, "startReason");
      return this;
    }

    /**
     * Sets where it answers. Default: that is not known.
     *
     * @param value the endpoint, or null
     * @return this
     */
    public Builder endpoint(@Nullable URI value) {
      endpoint = value;
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
     * Sets when it became ready. Default: it is not.
     *
     * @param value the moment, or null
     * @return this
     */
    public Builder readyAt(@Nullable Instant value) {
      readyAt = value;
      return this;
    }

    /**
     * Sets since when it is ready or asleep without a lease. Default: it is not.
     *
     * @param value the moment, or null
     * @return this
     */
    public Builder idleSince(@Nullable Instant value) {
      idleSince = value;
      return this;
    }

    /**
     * Sets when the idle policy releases it if no request comes. Default: it would not.
     *
     * @param value the moment, or null
     * @return this
     */
    public Builder releaseAt(@Nullable Instant value) {
      releaseAt = value;
      return this;
    }

    /**
     * Sets why it is being released. Default: it is not.
     *
     * @param value the reason, or null
     * @return this
     */
    public Builder releaseReason(@Nullable ReleaseReason value) {
      releaseReason = value;
      return this;
    }

    /**
     * Sets for how long at least one lease was open. Default: no time.
     *
     * @param value the time
     * @return this
     */
    public Builder busy(Duration value) {
      busy = requireNonNull(value, "busy");
      return this;
    }

    /**
     * Sets for how long its start was prepared. Default: no time.
     *
     * @param value the time
     * @return this
     */
    public Builder preparing(Duration value) {
      preparing = requireNonNull(value, "preparing");
      return this;
    }

    /**
     * Sets since when it is asleep. Default: it is not.
     *
     * @param value the moment, or null
     * @return this
     */
    public Builder asleepSince(@Nullable Instant value) {
      asleepSince = value;
      return this;
    }

    /**
     * Sets for how long it has been asleep in all. Default: no time.
     *
     * @param value the time
     * @return this
     */
    public Builder asleep(Duration value) {
      asleep = requireNonNull(value, "asleep");
      return this;
    }

    /**
     * Sets how far its start is. Default: that is not known.
     *
     * @param value the progress, or null
     * @return this
     */
    public Builder progress(@Nullable StartProgress value) {
      progress = value;
      return this;
    }

    /**
     * Creates the instance.
     *
     * @return the instance
     */
    public InstanceInfo build() {
      return new InstanceInfo(
          id,
          slot,
          phase,
          startReason,
          endpoint,
          inFlight,
          startRequestedAt,
          readyAt,
          idleSince,
          releaseAt,
          releaseReason,
          busy,
          preparing,
          asleepSince,
          asleep,
          progress);
    }
  }
}
