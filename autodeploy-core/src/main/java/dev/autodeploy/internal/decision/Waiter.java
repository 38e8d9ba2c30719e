package dev.autodeploy.internal.decision;

import dev.autodeploy.RouteRule;
import org.jspecify.annotations.Nullable;

/** One caller that asks for a lease. The shell extends it by what it answers. */
public class Waiter {
  /** Which instance is asked for. */
  final RouteRule route;

  /** When it was asked for, in nanoseconds of the deployment's time line. */
  final long askedAt;

  /** When the caller gives up, likewise. */
  final long deadline;

  /** Its place in the order of all requests, from 1; set when it asks. */
  long number;

  /** The one instance that it waits for; null if any will do, or if it does not wait. */
  @Nullable Instance target;

  public Waiter(RouteRule route, long askedAt, long deadline) {
    this.route = route;
    this.askedAt = askedAt;
    this.deadline = deadline;
  }
}
