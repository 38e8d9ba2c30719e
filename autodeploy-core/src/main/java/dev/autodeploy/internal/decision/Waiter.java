package dev.autodeploy.internal.decision;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.RouteRule;
import org.jspecify.annotations.Nullable;

/** A caller that asks for a lease; the classes that carry out effects answer it. */
public abstract class Waiter {
  // Not the request: it would have to be made for each call then.
  private final RouteRule route;

  private final @Nullable String caller;

  /** The moments when it asked and when it stops waiting, on the deployment's time line. */
  final long askedAt;

  final long deadline;

  /** The place in the order of all requests, from 1; set when it asks. */
  long number;

  /** The one instance that it waits for; null if any will do, or if it does not wait. */
  @Nullable Instance target;

  /** True if it waits for room in which an instance of its own is started. */
  boolean waitsForOwn;

  /**
   * Makes one that has not asked yet.
   *
   * @param request what it asks for
   * @param askedAt when it asks, in nanoseconds of the deployment's time line
   * @param deadline when it stops waiting, likewise
   */
  protected Waiter(AcquireRequest request, long askedAt, long deadline) {
    this.route = request.route();
    this.caller = request.caller();
    this.askedAt = askedAt;
    this.deadline = deadline;
  }

  /** Returns when it asked, on the deployment's time line. */
  public final long askedAt() {
    return askedAt;
  }

  /** Returns which instance it asks for. */
  final RouteRule route() {
    return route;
  }

  /** Returns the name of the caller, or null if it has none. */
  public final @Nullable String caller() {
    return caller;
  }

  /** Carries {@link Effect.Grant} out. */
  public abstract void granted(Instance instance, Arrival arrival, long waitedNanos);

  /** Carries {@link Effect.Reject} out. */
  public abstract void rejected(AutoDeployException error);
}
