package dev.autodeploy.proxy.gateway;

import dev.autodeploy.spi.Ticker;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The progress of a proxied request: its phase, and what time it has used of each limit. Changed by
 * the thread that serves the request, read by any.
 */
final class ExchangeProgress {
  private final Ticker ticker;
  private final ExchangeDeadlines deadlines;
  private volatile Phase phase = Phase.HELD;
  private volatile long phaseSince;
  private volatile long usedSince = Relay.NOT_WAITING;
  private volatile long forwardedSince = Relay.NOT_WAITING;
  private volatile @Nullable Duration maxRequestTime;
  private volatile long clientNanosBefore;

  ExchangeProgress(GatewayConfig config, Duration wait, Ticker ticker) {
    this.ticker = ticker;
    phaseSince = ticker.read();
    deadlines =
        new ExchangeDeadlines(
            phaseSince,
            wait.toNanos(),
            config.responseTimeout().toNanos(),
            config.exchangeTimeout().toNanos());
  }

  Phase phase() {
    return phase;
  }

  void enter(Phase next) {
    phaseSince = ticker.read();
    phase = next;
  }

  /**
   * An instance gets the request.
   *
   * @param max the longest that its deployment allows it to take, or null
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
    phaseSince = ticker.read();
  }

  /** Returns how much of the time to wait is left. */
  Duration leftToWait() {
    return Duration.ofNanos(deadlines.leftNanos(ticker.read()));
  }

  /** Returns for how long the exchange has been under way. */
  long ageNanos(long nowNanos) {
    return nowNanos - deadlines.startedNanos();
  }

  /**
   * Returns which limit has passed.
   *
   * @param waitingSince since when the next byte of the response is waited for, or {@link
   *     Relay#NOT_WAITING}
   * @return the reason to abort the request, or null
   */
  @Nullable AbortReason passed(long waitingSince, long nowNanos) {
    return deadlines.passed(phase, usedSince, phaseSince, waitingSince, nowNanos);
  }
}
