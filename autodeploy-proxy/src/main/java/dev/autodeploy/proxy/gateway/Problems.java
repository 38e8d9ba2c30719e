package dev.autodeploy.proxy.gateway;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.StartFailedException;
import dev.autodeploy.StartFailure;
import dev.autodeploy.spi.InstanceExit;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The problems that a link can answer with. */
final class Problems {
  private static final Duration SOON = Duration.ofSeconds(1);

  private Problems() {}

  static Problem badRequest(String detail) {
    return Problem.of(400, "bad-request", "The request is malformed or ambiguous", detail)
        .closing();
  }

  static Problem notFound(String path) {
    return Problem.of(
        404,
        "link-not-found",
        "There is no such link",
        "nothing answers at '" + path + "'; a service link looks like /d/<deployment>/<path>");
  }

  static Problem statusIsRead() {
    return Problem.of(
        405, "method-not-allowed", "The method is not allowed", "the status is read by GET");
  }

  static Problem deploymentNotFound(String name) {
    return Problem.of(
            404,
            "deployment-not-found",
            "There is no such deployment",
            "there is no deployment '" + name + "'; its name is the first part of the link")
        .about(name);
  }

  static Problem upgradeNotSupported(String name) {
    return Problem.of(
            501,
            "upgrade-not-supported",
            "The link cannot switch protocols",
            "this link runs on a server that cannot switch protocols, so a WebSocket cannot be"
                + " opened through it; call the instance in process, or use plain HTTP or"
                + " server-sent events")
        .about(name);
  }

  static Problem notAllowed(@Nullable String name) {
    return Problem.of(
            401,
            "not-allowed",
            "The caller is not allowed",
            "this link needs a bearer token of its own, or is not for this caller")
        .about(name);
  }

  static Problem misdirected(String host) {
    return Problem.of(
        421,
        "unknown-host",
        "The request is for another host",
        "links are not served under the host '"
            + host
            + "'; use localhost, or let the host application name this host by publicUrl or"
            + " allowedHosts, or set an access rule");
  }

  static Problem crossSite() {
    return Problem.of(
        403,
        "cross-site-request",
        "Pages of other sites may not use this link",
        "this request was sent by a page of another site, and the link has no access rule; the"
            + " host application can allow the page's origin by allowedOrigins");
  }

  static Problem serviceWorkerScope(String name) {
    return Problem.of(
            403,
            "service-worker-scope",
            "A service worker may not control other deployments",
            "a service worker's script has to be below '/d/" + name + "/'")
        .about(name);
  }

  static Problem rateLimited(String name, int limit, Duration period, Duration wait) {
    return Problem.of(
            429,
            "rate-limited",
            "Too many requests",
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
            429,
            "queue-full",
            "Too many requests are waiting",
            "the link already holds " + limit + " requests, its maximum; try again later")
        .about(name)
        .retryAfter(SOON)
        .with("limit", limit);
  }

  static Problem bodyTooLarge(String name, long limit) {
    return Problem.of(
            413,
            "body-too-large",
            "The request's body is too large",
            "the body is longer than " + limit + " bytes, the maximum of this link")
        .about(name)
        .with("limit", limit)
        .closing();
  }

  static Problem shuttingDown(@Nullable String name) {
    return Problem.of(
            503,
            "shutting-down",
            "The link is shutting down",
            "the link is shutting down and takes no more requests; try again later")
        .about(name)
        .retryAfter(SOON)
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
    return Problem.of(
            502,
            "instance-broke-exchange",
            "The instance broke the exchange",
            "instance '" + instance + "' " + what)
        .about(name)
        .with("instance", instance);
  }

  static Problem responseTimeout(String name, String instance, Duration limit) {
    return Problem.of(
            504,
            "answer-timeout",
            "The instance did not answer in time",
            "instance '"
                + instance
                + "' did not begin its answer within "
                + limit.toMillis()
                + " ms, the maximum of this link")
        .about(name)
        .with("instance", instance);
  }

  static Problem requestBodyBroken(String name) {
    return Problem.of(
            400,
            "bad-request",
            "The request is malformed or ambiguous",
            "the request's body could not be read to its end")
        .about(name)
        .closing();
  }

  static Problem targetNotForwardable(String name) {
    return Problem.of(
            400,
            "target-not-forwardable",
            "The path cannot be forwarded unchanged",
            "the path or query would be rewritten on its way to the instance; percent-encode it")
        .about(name);
  }

  static Problem internal(@Nullable String name) {
    return Problem.of(500, "internal-error", "The link failed", "the link failed; its log says why")
        .about(name);
  }

  /** Returns the problem for an error of the engine. */
  static Problem of(Throwable error, String name) {
    if (!(error instanceof AutoDeployException failure)) {
      return internal(name);
    }
    String detail = String.valueOf(failure.getMessage());
    Problem problem =
        switch (failure.code()) {
          case DEPLOYMENT_NOT_FOUND -> deploymentNotFound(name);
          case QUEUE_FULL ->
              Problem.of(429, "queue-full", "Too many requests are waiting", detail)
                  .retryAfter(SOON);
          case ACQUIRE_TIMEOUT ->
              Problem.of(504, "acquire-timeout", "No instance was ready in time", detail)
                  .retryAfter(SOON);
          case START_FAILED -> startFailed(failure, detail);
          case ROUTE_TARGET_NOT_FOUND -> routeTargetNotFound(detail);
          case REPLICA_QUOTA_EXCEEDED ->
              Problem.of(409, "replica-quota-exceeded", "deployment replica quota exceeded", detail)
                  .with("code", 1007)
                  .with("msg", "deployment replica quota exceeded");
          case RELEASED ->
              Problem.of(503, "released", "The deployment was released", detail).retryAfter(SOON);
          case CLOSED -> shuttingDown(name);
          case PROVIDER_FAILED ->
              Problem.of(503, "provider-failed", "The provider of instances failed", detail)
                  .retryAfter(Duration.ofSeconds(5));
          case OWNER_IN_USE, STATE_FAILED -> internal(name);
        };
    return problem.about(name);
  }

  static Problem noSuchRouteTarget(String name) {
    return routeTargetNotFound(
            "no instance can have the id that "
                + Route.RULE
                + " holds; the rules are scale-out, random, round-robin or an instance's id")
        .about(name);
  }

  private static Problem routeTargetNotFound(String detail) {
    return Problem.of(404, "route-target-not-found", "route target not found", detail)
        .with("code", 1006)
        .with("msg", "route target not found");
  }

  private static Problem startFailed(AutoDeployException error, String detail) {
    Problem problem = Problem.of(503, "start-failed", "The instance could not be started", detail);
    if (!(error instanceof StartFailedException failed)) {
      return problem.retryAfter(SOON);
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
            .with("attempts", failure.attempts());
    InstanceExit exit = failure.exit();
    return exit == null
        ? problem
        : problem
            .with("exitCode", exit.exitCode())
            .with("outOfMemory", exit.outOfMemory() ? true : null)
            .with("logTail", exit.logTail());
  }
}
