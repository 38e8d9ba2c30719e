package dev.autodeploy.proxy.gateway;

import dev.autodeploy.AcquireTimeoutException;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.BudgetExhaustedException;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.DeploymentClosedException;
import dev.autodeploy.StartFailedException;
import dev.autodeploy.StartFailure;
import dev.autodeploy.internal.document.ProblemType;
import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.StartProgress;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The problems that a link can answer with. */
public final class Problems {
  private Problems() {}

  static Problem badRequest(String detail) {
    return Problem.of(ProblemType.BAD_REQUEST, detail).closing();
  }

  /**
   * Returns the problem of a path with segments that stand for others, where the server in front of
   * the link decides by paths.
   *
   * @return the problem
   */
  public static Problem dotsInPath() {
    return badRequest("the path must not have '.' or '..' as a segment");
  }

  static Problem badQuery(String detail) {
    return Problem.of(ProblemType.BAD_REQUEST, detail);
  }

  static Problem notFound(String path) {
    return Problem.of(
        ProblemType.LINK_NOT_FOUND,
        "nothing answers at '" + path + "'; a service link looks like /d/<deployment>/<path>");
  }

  static Problem statusIsRead() {
    return Problem.of(ProblemType.METHOD_NOT_ALLOWED, "the status is read by GET");
  }

  static Problem deploymentNotFound(String name) {
    return Problem.of(
            ProblemType.DEPLOYMENT_NOT_FOUND,
            "there is no deployment '" + name + "'; its name is the first part of the link")
        .about(name);
  }

  static Problem modelNotFound(String model) {
    return Problem.of(
        ProblemType.MODEL_NOT_FOUND,
        "The model '"
            + PlainText.line(model)
            + "' does not exist or you do not have access to it; GET /v1/models lists those that"
            + " you can use");
  }

  static Problem modelNotNamed(boolean beyond, int prefix) {
    return Problem.of(
        ProblemType.MODEL_NOT_NAMED,
        beyond
            ? "no model is named in the first "
                + prefix
                + " bytes of the body; put the field 'model' before what is long, or name the model"
                + " in the header AutoDeploy-Model"
            : "you must provide a model: in the field 'model' of the body, or in the header"
                + " AutoDeploy-Model");
  }

  static Problem modelMethod(String method) {
    return Problem.of(
        ProblemType.METHOD_NOT_ALLOWED, "requests to this address have the method " + method);
  }

  static Problem ticketNotFound() {
    return Problem.of(
        ProblemType.TICKET_NOT_FOUND,
        "there is no such ticket: its time is over, it was deleted, or another caller has made it");
  }

  static Problem ticketsFull(@Nullable String name) {
    return Problem.of(
            ProblemType.QUEUE_FULL,
            "there are as many tickets as the link keeps; fetch or delete some, or try again later")
        .about(name);
  }

  static Problem waitersFull(String name) {
    return Problem.of(
            ProblemType.QUEUE_FULL,
            "as many requests as may already wait for the answer to this Idempotency-Key;"
                + " try again later")
        .about(name);
  }

  static Problem noEventStream(int limit) {
    return Problem.of(
        ProblemType.INSTANCE_BROKE_EXCHANGE,
        "the answer is no plain stream of events, and not a text of at most "
            + limit
            + " bytes either; ask again without 'Prefer: kept-alive'");
  }

  static Problem keyReused(String name) {
    return Problem.of(
            ProblemType.KEY_REUSED,
            "this Idempotency-Key was sent with another body; a new request needs a key of its own")
        .about(name);
  }

  static Problem upgradeNotSupported(String name) {
    return Problem.of(
            ProblemType.UPGRADE_NOT_SUPPORTED,
            "this link runs on a server that cannot switch protocols, so a WebSocket cannot be"
                + " opened through it; call the instance in process, or use plain HTTP or"
                + " server-sent events")
        .about(name);
  }

  static Problem notAllowed(@Nullable String name) {
    return Problem.of(
            ProblemType.NOT_ALLOWED,
            "this link needs a bearer token of its own, or is not for this caller")
        .about(name);
  }

  /**
   * Returns the problem of a caller elsewhere where links have no access rule.
   *
   * @return the problem
   */
  public static Problem onlyThisMachine() {
    return Problem.of(
        ProblemType.NOT_ALLOWED,
        "these links have no access rule, so they are for callers on this machine and for those"
            + " whom the application has signed in; the host application can set a token or a"
            + " rule");
  }

  static Problem misdirected(String host) {
    return Problem.of(
        ProblemType.UNKNOWN_HOST,
        "links are not served under the host '"
            + host
            + "'; use localhost, or let the host application name this host by publicUrl or"
            + " allowedHosts, or set an access rule");
  }

  static Problem pageHost(String host) {
    return Problem.of(
        ProblemType.UNKNOWN_HOST,
        "the host '"
            + host
            + "' is kept for the page that shows the deployments, so that no instance sets cookies"
            + " for it; use localhost for links");
  }

  static Problem crossSite() {
    return Problem.of(
        ProblemType.CROSS_SITE_REQUEST,
        "this request was sent by a page of another site, and the link has no access rule; the"
            + " host application can allow the page's origin by allowedOrigins");
  }

  static Problem notOfThisLink(String name) {
    return Problem.of(
            ProblemType.CROSS_SITE_REQUEST,
            "this request was sent by a page of another origin, and brings no token but the cookie"
                + " of somebody who is signed in; the host application can let the origin in by"
                + " cors")
        .about(name);
  }

  static Problem originNotAllowed(RequestHead head, @Nullable String name) {
    return Problem.of(
            ProblemType.CROSS_SITE_REQUEST,
            "no CORS policy lets pages of '"
                + PlainText.line(String.valueOf(head.headers().first("Origin")))
                + "' use this link; the host application can set one by cors")
        .about(name);
  }

  static Problem serviceWorkerScope(String name) {
    return Problem.of(
            ProblemType.SERVICE_WORKER_SCOPE,
            "a service worker's script has to be below '/d/" + name + "/'")
        .about(name);
  }

  static Problem notForCallers(String name, String path) {
    return Problem.of(
            ProblemType.NOT_FOR_CALLERS,
            "'"
                + path
                + "' puts an instance of '"
                + name
                + "' to sleep or wakes it, which the engine does; the host application can let"
                + " callers do so by forCallers of its sleep mode")
        .about(name);
  }

  static Problem rateLimited(String name, int limit, Duration period, Duration wait) {
    return Problem.of(
            ProblemType.RATE_LIMITED,
            "a caller may send "
                + limit
                + " requests in "
                + period.toMillis()
                + " ms; try again later")
        .about(name)
        .retryAfter(wait)
        .with("limit", limit);
  }

  static Problem heldFull(String name, int limit) {
    return Problem.of(
            ProblemType.QUEUE_FULL,
            "the link already holds " + limit + " requests, its maximum; try again later")
        .about(name)
        .with("limit", limit);
  }

  static Problem placeTaken(String name) {
    return Problem.of(
            ProblemType.QUEUE_FULL,
            "the queue is full, and this caller has the most places: another one got this"
                + " request's; try again later")
        .about(name);
  }

  static Problem bodyTooLarge(@Nullable String name, long limit) {
    return Problem.of(
            ProblemType.BODY_TOO_LARGE,
            "the body is longer than " + limit + " bytes, the maximum of this link")
        .about(name)
        .with("limit", limit)
        .closing();
  }

  static Problem shuttingDown(@Nullable String name) {
    return Problem.of(
            ProblemType.SHUTTING_DOWN,
            "the link is shutting down and no longer takes requests; try again later")
        .about(name)
        .closing();
  }

  static Problem instanceUnreachable(String name, String instance, String reason) {
    return broken(name, instance, "could not be reached: " + reason);
  }

  static Problem instanceBroke(String name, String instance, String reason) {
    return broken(name, instance, "broke the exchange: " + reason);
  }

  static Problem instanceEnded(String name, String instance, InstanceExit exit) {
    return broken(name, instance, "ended while it served the request: " + exit.describe())
        .with("exitCode", exit.exitCode())
        .with("logTail", exit.logTail().isEmpty() ? null : exit.logTail());
  }

  private static Problem broken(String name, String instance, String what) {
    return Problem.of(ProblemType.INSTANCE_BROKE_EXCHANGE, "instance '" + instance + "' " + what)
        .about(name)
        .with("instance", instance);
  }

  static Problem responseTimeout(String name, String instance, Duration limit) {
    return Problem.of(
            ProblemType.ANSWER_TIMEOUT,
            "instance '"
                + instance
                + "' did not begin its answer within "
                + limit.toMillis()
                + " ms, the maximum of this link")
        .about(name)
        .with("instance", instance);
  }

  static Problem requestBodyBroken(@Nullable String name) {
    return Problem.of(ProblemType.BAD_REQUEST, "the request's body could not be read to its end")
        .about(name)
        .closing();
  }

  static Problem targetNotForwardable(String name) {
    return Problem.of(
            ProblemType.TARGET_NOT_FORWARDABLE,
            "the path or query would be rewritten on its way to the instance; percent-encode it")
        .about(name);
  }

  static Problem asleep(String name) {
    return Problem.of(
            ProblemType.ASLEEP,
            "no instance of the deployment runs, and a rule of this link says that requests of this"
                + " kind start none; another request does")
        .about(name);
  }

  static Problem exchangeOverdue(String name, String instance, Duration limit) {
    return Problem.of(
            ProblemType.ANSWER_TIMEOUT,
            "instance '"
                + instance
                + "' did not begin its answer within "
                + limit.toMillis()
                + " ms, the longest exchange of this link")
        .about(name)
        .with("instance", instance);
  }

  static Problem requestOverdue(String name, String instance) {
    return Problem.of(
            ProblemType.ANSWER_TIMEOUT,
            "instance '"
                + instance
                + "' did not begin its answer within the longest time of a request of this"
                + " deployment (maxRequestTime)")
        .about(name)
        .with("instance", instance);
  }

  static Problem internal(@Nullable String name) {
    return Problem.of(ProblemType.INTERNAL_ERROR, "the link failed; its log says why").about(name);
  }

  /** Returns the problem for an error of the engine. */
  static Problem of(Throwable error, String name) {
    if (!(error instanceof AutoDeployException failure)) {
      return internal(name);
    }
    // The lines of the instance have a member of their own.
    String detail =
        failure instanceof StartFailedException start
            ? start.summary()
            : String.valueOf(failure.getMessage());
    Problem problem =
        switch (failure.code()) {
          case DEPLOYMENT_NOT_FOUND -> deploymentNotFound(name);
          case START_FAILED -> startFailed(failure, detail);
          case ROUTE_TARGET_NOT_FOUND -> routeTargetNotFound(detail);
          case REPLICA_QUOTA_EXCEEDED ->
              Problem.of(ProblemType.REPLICA_QUOTA_EXCEEDED, detail)
                  .with("code", 1007)
                  .with("msg", ProblemType.REPLICA_QUOTA_EXCEEDED.title());
          case CLOSED -> shuttingDown(name);
          case ACQUIRE_TIMEOUT -> timedOut(failure, detail);
          case BUDGET_EXHAUSTED -> budgetExhausted(failure, detail);
          case NOT_OPEN -> notOpen(failure, detail);
          case QUEUE_FULL, RELEASED, PROVIDER_FAILED, NOT_LEADING ->
              Problem.of(ProblemType.of(failure.code()), detail);
          case OWNER_IN_USE, STATE_FAILED -> internal(name); // nothing for strangers
        };
    return problem.about(name);
  }

  private static Problem budgetExhausted(AutoDeployException error, String detail) {
    Problem problem = Problem.of(ProblemType.BUDGET_EXHAUSTED, detail);
    BudgetStatus status = error instanceof BudgetExhaustedException e ? e.status() : null;
    if (status == null) {
      return problem;
    }
    Instant reset = status.resetsAt();
    Duration wait = ((BudgetExhaustedException) error).retryAfter();
    problem = wait == null ? problem : problem.retryAfter(wait);
    return problem
        .with("budgetOf", ((BudgetExhaustedException) error).isOfEngine() ? "engine" : "deployment")
        .with("budget", status.budget().describe())
        .with("spent", status.budget().text(status.spent()))
        .with("left", status.budget().text(status.left()))
        .with("resetsAt", reset == null ? null : reset.toString());
  }

  private static Problem notOpen(AutoDeployException error, String detail) {
    Problem problem = Problem.of(ProblemType.NOT_OPEN, detail);
    if (!(error instanceof DeploymentClosedException closed)) {
      return problem;
    }
    Duration wait = closed.retryAfter();
    Instant opens = closed.opensAt();
    return wait == null || opens == null
        ? problem
        : problem.retryAfter(wait).with("opensAt", opens.toString());
  }

  private static Problem timedOut(AutoDeployException error, String detail) {
    Problem problem = Problem.of(ProblemType.ACQUIRE_TIMEOUT, detail);
    StartProgress progress =
        error instanceof AcquireTimeoutException timeout ? timeout.progress() : null;
    return progress == null ? problem : problem.with("progress", ProgressDocument.of(progress));
  }

  static Problem noSuchRouteTarget(String name) {
    return routeTargetNotFound(
            "no instance can have the id that "
                + Route.RULE
                + " holds; the rules are scale-out, random, round-robin or an instance's id")
        .about(name);
  }

  static Problem namedInstanceNotReady(String name) {
    return routeTargetNotFound("the instance that " + Route.RULE + " names is not ready")
        .about(name);
  }

  private static Problem routeTargetNotFound(String detail) {
    return Problem.of(ProblemType.ROUTE_TARGET_NOT_FOUND, detail)
        .with("code", 1006)
        .with("msg", ProblemType.ROUTE_TARGET_NOT_FOUND.title());
  }

  private static Problem startFailed(AutoDeployException error, String detail) {
    Problem problem = Problem.of(ProblemType.START_FAILED, detail);
    if (!(error instanceof StartFailedException failed)) {
      return problem;
    }
    problem = problem.retryAfter(failed.retryAfter());
    StartFailure failure = failed.failure();
    if (failure == null) { // lost where the error was serialized
      return problem;
    }
    problem =
        problem
            .with("instance", failure.instanceId())
            .with("kind", failure.kind().name())
            .with("attempts", failure.attempts())
            .with("cause", failure.cause() == null ? null : failure.cause().slug())
            .with("lastProbe", failure.lastProbe())
            .with("logTail", failure.logTail().isEmpty() ? null : failure.logTail());
    InstanceExit exit = failure.exit();
    return exit == null
        ? problem
        : problem
            .with("exitCode", exit.exitCode())
            .with("outOfMemory", exit.outOfMemory() ? true : null);
  }
}
