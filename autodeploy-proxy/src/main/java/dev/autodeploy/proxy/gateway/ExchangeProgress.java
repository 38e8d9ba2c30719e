package dev.autodeploy.proxy.gateway;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The progress of a proxied request: its phase, and what time it has used of each limit. Changed by
 * the thread that serves the request, read by any.
 */
final class ExchangeProgress {
  private final GatewayConfig config;
  private final long startedNanos;
  private final long waitNanos;
  private volatile Phase phase = Phase.HELD;
  private volatile long phaseSince;
  private volatile long usedSince = Relay.NOT_WAITING;
  private volatile long forwardedSince = Relay.NOT_WAITING;
  private volatile @Nullable Duration maxRequestTime;
  private volatile long clientNanosBefore;

  /**
   * Begins with a request that has just come.
   *
   * @param config the settings
   * @param wait how long it may be held
   */
  ExchangeProgress(GatewayConfig config, Duration wait) {
    this.config = config;
    startedNanos = config.ticker().read();
    waitNanos = wait.toNanos();
    phaseSince = startedNanos;
  }

  /** Returns the limits; made for each look at them, so that no request keeps them meanwhile. */
  private ExchangeDeadlines deadlines() {
    return new ExchangeDeadlines(
        startedNanos,
        waitNanos,
        config.responseTimeout().toNanos(),
        config.exchangeTimeout().toNanos());
  }

  Phase phase() {
    return phase;
  }

  void enter(Phase next) {
    phaseSince = config.ticker().read();
    phase = next;
  }

  /**
   * An instance gets the request.
   *
   * @param max the longest that its deployment allows it to take, or null for any time
   * @param clientNanos for how long the client was waited for so far
   */
  void forward(@Nullable Duration max, long clientNanos) {
    enter(Phase.FORWARDED);
    clientNanosBefore = clientNanos;
    maxRequestTime = max;
    forwardedSince = phaseSince;
    if (usedSince == Relay.NOT_WAITING) {
      usedSince = phaseSince; // a replay takes no more time than the first try has left
    }
  }

  /** Returns whether an instance has the request for longer than its deployment allows. */
  boolean isRequestOverdue(long nowNanos) {
    return ExchangeDeadlines.requestOverdue(phase, forwardedSince, maxRequestTime, nowNanos);
  }

  /**
   * Returns whether an instance is to blame for a request that is overdue, and not the client.
   *
   * @param clientNanos for how long the client was waited for so far
   */
  boolean isInstanceToBlame(long nowNanos, long clientNanos) {
    return ExchangeDeadlines.instanceToBlame(
        nowNanos - forwardedSince, clientNanos - clientNanosBefore, maxRequestTime);
  }

  /** A part of the request has gone to the instance: the time for its response begins again. */
  void requestProgress() {
    phaseSince = config.ticker().read();
  }

  /** Returns how long the request may be held in all. */
  Duration maxWait() {
    return Duration.ofNanos(waitNanos);
  }

  /** Returns how much of the time to wait is left. */
  Duration leftToWait() {
    return Duration.ofNanos(deadlines().leftNanos(config.ticker().read()));
  }

  /** Returns for how long the exchange has been under way. */
  long ageNanos(long nowNanos) {
    return nowNanos - startedNanos;
  }

  /**
   * Returns which limit has passed.
   *
   * @param waitingSince since when the next byte of the response is waited for, or {@link
   *     Relay#NOT_WAITING}
   * @return the reason to abort the request, or null
   */
  @Nullable AbortReason passed(long waitingSince, long nowNanos) {
    return deadlines().passed(phase, usedSince, phaseSince, waitingSince, nowNanos);
  }
}
