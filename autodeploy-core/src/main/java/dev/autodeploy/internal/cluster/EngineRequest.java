package dev.autodeploy.internal.cluster;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.Lease;
import dev.autodeploy.RouteRule;
import dev.autodeploy.internal.engine.Engine;
import dev.autodeploy.internal.util.Errors;
import java.util.concurrent.CompletableFuture;

/**
 * A request for a lease as an engine is asked: one that may not act just now lends the instances
 * that are ready, and starts none for it. A lease that comes once the engine may not even lend, as
 * after a freeze of the process, is of an instance that the next leader may release at once.
 *
 * @param engine the engine
 * @param request the request
 * @param lends whether only an instance that is ready is asked for, in place of any
 */
record EngineRequest(Engine engine, AcquireRequest request, boolean lends) {

  /** Makes the request to an engine out of that to the leader. */
  static EngineRequest of(Engine engine, AcquireRequest request) {
    RouteRule route = request.route();
    boolean named =
        route instanceof RouteRule.Instance
            || route instanceof RouteRule.Random
            || route instanceof RouteRule.RoundRobin;
    return engine.mayAct() || named
        ? new EngineRequest(engine, request, false)
        : new EngineRequest(
            engine,
            new AcquireRequest(RouteRule.random(), request.timeout(), request.caller()),
            true);
  }

  /** Asks for the lease. */
  CompletableFuture<Lease> ask(Deployment deployment) {
    return deployment.acquireAsync(request);
  }

  /** Returns whether a lease comes too late, and is to be closed: the next leader is asked then. */
  boolean isLate() {
    return !engine.mayLend();
  }

  /** Returns the reason of a refusal for which a lease comes too late. */
  AutoDeployException late() {
    return new AutoDeployException(
        ErrorCode.CLOSED, null, "this leader has been silent for too long to lend an instance");
  }

  /** Returns the reason of a refusal; {@code CLOSED} if the next leader can grant it. */
  Throwable failure(Throwable error) {
    Throwable cause = Errors.unwrap(error);
    return lends
            && cause instanceof AutoDeployException e
            && e.code() == ErrorCode.ROUTE_TARGET_NOT_FOUND
        ? new AutoDeployException(
            ErrorCode.CLOSED, e.deployment(), "this leader can start no instance now", e)
        : cause;
  }
}
