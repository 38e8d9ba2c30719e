package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The existence of one instance: what is paid for, from the start request to the verified release.
 *
 * <p>The instants lie on one monotonic time line that is anchored at {@code startRequestedAt}: a
 * step of the wall clock during the interval does not change its length.
 *
 * @param deployment the deployment's name
 * @param instanceId the instance
 * @param gpu what the instance was given
 * @param startRequestedAt when its start was requested
 * @param readyAt when it became ready, or null if it did not (yet)
 * @param releaseRequestedAt when its release was requested, or null if it was not (yet)
 * @param endedAt when it was verified gone; for an interval that is still open, the moment up to
 *     which it is counted
 * @param open whether the instance still exists
 * @param busy for how long at least one lease was open
 * @param preparing for how long its start was prepared, as by pulling its image, before anything
 *     ran; it counts as the first part of the time that the instance was starting
 */
public record UsageInterval(
    String deployment,
    String instanceId,
    GpuRequest gpu,
    Instant startRequestedAt,
    @Nullable Instant readyAt,
    @Nullable Instant releaseRequestedAt,
    Instant endedAt,
    boolean open,
    Duration busy,
    Duration preparing) {

  /**
   * Checks the values.
   *
   * @param deployment the deployment's name
   * @param instanceId the instance
   * @param gpu what the instance was given
   * @param startRequestedAt when its start was requested
   * @param readyAt when it became ready, or null if it did not (yet)
   * @param releaseRequestedAt when its release was requested, or null if it was not (yet)
   * @param endedAt when it was verified gone; for an interval that is still open, the moment up to
   *     which it is counted
   * @param open whether the instance still exists
   * @param busy for how long at least one lease was open
   * @param preparing for how long its start was prepared
   */
  public UsageInterval {
    requireNonNull(deployment, "deployment");
    requireNonNull(instanceId, "instanceId");
    requireNonNull(gpu, "gpu");
    requireNonNull(startRequestedAt, "startRequestedAt");
    requireNonNull(endedAt, "endedAt");
    requireNonNull(busy, "busy");
    requireNonNull(preparing, "preparing");
    if (endedAt.isBefore(startRequestedAt)) {
      throw new IllegalArgumentException(
          "endedAt ("
              + endedAt
              + ") must not be before startRequestedAt ("
              + startRequestedAt
              + ")");
    }
    if (busy.isNegative()) {
      throw new IllegalArgumentException("busy must not be negative, but was " + busy);
    }
    if (preparing.isNegative()) {
      throw new IllegalArgumentException("preparing must not be negative, but was " + preparing);
    }
  }

  /**
   * Creates the existence of an instance whose start needed no preparation.
   *
   * @param deployment the deployment's name
   * @param instanceId the instance
   * @param gpu what the instance was given
   * @param startRequestedAt when its start was requested
   * @param readyAt when it became ready, or null if it did not (yet)
   * @param releaseRequestedAt when its release was requested, or null if it was not (yet)
   * @param endedAt when it was verified gone; for an interval that is still open, the moment up to
   *     which it is counted
   * @param open whether the instance still exists
   * @param busy for how long at least one lease was open
   */
  public UsageInterval(
      String deployment,
      String instanceId,
      GpuRequest gpu,
      Instant startRequestedAt,
      @Nullable Instant readyAt,
      @Nullable Instant releaseRequestedAt,
      Instant endedAt,
      boolean open,
      Duration busy) {
    this(
        deployment,
        instanceId,
        gpu,
        startRequestedAt,
        readyAt,
        releaseRequestedAt,
        endedAt,
        open,
        busy,
        Duration.ZERO);
  }

  /**
   * Returns the whole length: from the start request to the end.
   *
   * @return the length, never negative
   */
  public Duration duration() {
    return Duration.between(startRequestedAt, endedAt);
  }

  /**
   * Returns the time from the start request until it was ready, or until the release was requested
   * if it never was; without the time in which the start was prepared.
   *
   * @return the time spent starting
   */
  public Duration starting() {
    return untilReady().minus(shortest(preparing, untilReady()));
  }

  /**
   * Returns the time in which something of the instance existed: all but the preparation of its
   * start, during which it had neither a process nor a GPU.
   *
   * @return the length without the preparation, never negative
   */
  public Duration existing() {
    return duration().minus(shortest(preparing, duration()));
  }

  private Duration untilReady() {
    return between(startRequestedAt, readyAt != null ? readyAt : releaseRequestedAt);
  }

  private static Duration shortest(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  /**
   * Returns the time from the release request until it was verified gone.
   *
   * @return the time spent releasing
   */
  public Duration releasing() {
    return releaseRequestedAt == null ? Duration.ZERO : between(releaseRequestedAt, endedAt);
  }

  /**
   * Returns the time in which it was neither being prepared, starting, busy nor releasing.
   *
   * @return the time it waited for requests
   */
  public Duration idle() {
    Duration idle = duration().minus(untilReady()).minus(releasing()).minus(busy);
    return idle.isNegative() ? Duration.ZERO : idle;
  }

  /**
   * Returns the part before a moment. How its busy time was spread is not known: it counts as the
   * first part of the time that the instance was ready.
   *
   * @param moment its end
   * @return the part, of no duration if the moment is before the start
   */
  public UsageInterval until(Instant moment) {
    if (!moment.isBefore(endedAt)) {
      return this;
    }
    Instant end = moment.isBefore(startRequestedAt) ? startRequestedAt : moment;
    Instant ready = readyAt == null || readyAt.isAfter(end) ? null : readyAt;
    Duration readyFor = ready == null ? Duration.ZERO : Duration.between(ready, end);
    return new UsageInterval(
        deployment,
        instanceId,
        gpu,
        startRequestedAt,
        ready,
        releaseRequestedAt == null || releaseRequestedAt.isAfter(end) ? null : releaseRequestedAt,
        end,
        true,
        shortest(busy, readyFor),
        shortest(preparing, Duration.between(startRequestedAt, end)));
  }

  private Duration between(Instant from, @Nullable Instant to) {
    Instant end = to == null || to.isAfter(endedAt) ? endedAt : to;
    return end.isBefore(from) ? Duration.ZERO : Duration.between(from, end);
  }
}
