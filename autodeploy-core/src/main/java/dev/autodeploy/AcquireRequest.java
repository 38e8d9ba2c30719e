package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.util.Arguments;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A request for a lease: for which instance, and how long the caller will wait. Immutable.
 *
 * @param route which instance
 * @param timeout how long to wait for it at most; longer than 0
 * @param caller the name under which the cost of the request is listed, or null for none
 */
public record AcquireRequest(RouteRule route, Duration timeout, @Nullable String caller) {

  /** The time that an acquire waits unless it says otherwise: 10 minutes. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(10);

  private static final int MAX_CALLER = 200;

  /**
   * Checks the values.
   *
   * @param route which instance
   * @param timeout how long to wait for it at most; longer than 0
   * @param caller the name under which the cost of the request is listed, or null for none
   */
  public AcquireRequest {
    requireNonNull(route, "route");
    if (caller != null && (caller.isBlank() || caller.length() > MAX_CALLER)) {
      throw new IllegalArgumentException(
          "caller must have 1 to " + MAX_CALLER + " characters, but was '" + caller + "'");
    }
    Arguments.positive("timeout", timeout);
  }

  /**
   * Creates the request of a caller without a name.
   *
   * @param route which instance
   * @param timeout how long to wait for it at most; longer than 0
   */
  public AcquireRequest(RouteRule route, Duration timeout) {
    this(route, timeout, null);
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
    return new AcquireRequest(rule, timeout, caller);
  }

  /**
   * Returns this request of another caller.
   *
   * @param name the name under which the cost of the request is listed
   * @return the request
   */
  public AcquireRequest caller(String name) {
    return new AcquireRequest(route, timeout, requireNonNull(name, "caller"));
  }
}
