package dev.autodeploy.proxy.gateway;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The limits of a proxied request that need no exact time.
 *
 * @param startedNanos when it came
 * @param waitNanos how long it may be held
 * @param responseNanos how long its instance may be silent
 * @param exchangeNanos how long an instance may have it in all
 */
record ExchangeDeadlines(
    long startedNanos, long waitNanos, long responseNanos, long exchangeNanos) {
  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /**
   * Returns whether an instance has a request for too long.
   *
   * @param phase the phase of the request
   * @param forwardedSince since when that instance has it, or {@link Relay#NOT_WAITING}
   * @param max the longest that its deployment allows, or null
   * @param nowNanos the time
   */
  static boolean requestOverdue(
      Phase phase, long forwardedSince, @Nullable Duration max, long nowNanos) {
    return max != null
        && (phase == Phase.FORWARDED || phase == Phase.RESPONDING)
        && forwardedSince != Relay.NOT_WAITING
        && nowNanos - forwardedSince > max.toNanos();
  }

  /**
   * Returns whether an instance is to blame for a request that is overdue: it had three quarters of
   * what its deployment allows to itself. Else a client that sends or takes slowly, and hurries in
   * the end, would have instances replaced that serve everybody else.
   *
   * @param hadNanos for how long the instance has the request
   * @param clientNanos for how long of that the client was waited for
   * @param max the longest that its deployment allows, or null
   */
  static boolean instanceToBlame(long hadNanos, long clientNanos, @Nullable Duration max) {
    return max != null && hadNanos - clientNanos >= max.toNanos() / 4 * 3;
  }

  /** Returns how much of the time to wait is left. */
  long leftNanos(long nowNanos) {
    return Math.max(TimeUnit.MILLISECONDS.toNanos(1), waitNanos - (nowNanos - startedNanos));
  }

  /**
   * Returns which limit has passed.
   *
   * @param phase the phase of the request
   * @param usedSince when an instance had the request first, or {@link Relay#NOT_WAITING}
   * @param phaseSince when the phase began, or the last of the request's body came
   * @param waitingSince since when the next byte of the response is waited for, or {@link
   *     Relay#NOT_WAITING}
   * @param nowNanos the time
   * @return the reason to abort the request, or null
   */
  @Nullable AbortReason passed(
      Phase phase, long usedSince, long phaseSince, long waitingSince, long nowNanos) {
    if (usedSince != Relay.NOT_WAITING
        && nowNanos - usedSince > exchangeNanos
        && (phase == Phase.FORWARDED || phase == Phase.RESPONDING)) {
      return AbortReason.EXCHANGE_OVERDUE;
    }
    return switch (phase) {
      // The engine keeps the deadline; this one is for when it does not.
      case HELD ->
          nowNanos - startedNanos > waitNanos + GRACE_NANOS ? AbortReason.HOLD_OVERDUE : null;
      case FORWARDED -> nowNanos - phaseSince > responseNanos ? AbortReason.RESPONSE_TIMEOUT : null;
      // An instance that hangs in the middle would never be released.
      case RESPONDING ->
          waitingSince != Relay.NOT_WAITING && nowNanos - waitingSince > responseNanos
              ? AbortReason.RESPONSE_TIMEOUT
              : null;
      case DONE -> null;
    };
  }
}
