package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * A request for a lease: for which instance, and how long the caller will wait. Immutable.
 *
 * @param route which instance
 * @param timeout how long to wait for it at most; longer than 0
 */
public record AcquireRequest(RouteRule route, Duration timeout) {

  /** The time that an acquire waits unless it says otherwise: 10 minutes. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(10);

  /**
   * Checks the values.
   *
   * @param route which instance
   * @param timeout how long to wait for it at most; longer than 0
   */
  public AcquireRequest {
    requireNonNull(route, "route");
    requireNonNull(timeout, "timeout");
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("timeout must be longer than 0, but was " + timeout);
    }
  }

  /**
   * Returns the request for any instance, waiting at most a time.
   *
   * @param timeout how long to wait at most
   * @return the request
   */
  public static AcquireRequest within(Duration timeout) {
    return new AcquireRequest(RouteRule.defaultRule(), timeout);
  }

  /**
   * Returns this request by another route rule.
   *
   * @param rule which instance
   * @return the request
   */
  public AcquireRequest route(RouteRule rule) {
    return new AcquireRequest(rule, timeout);
  }
}
