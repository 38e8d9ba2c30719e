package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentState;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.RouteRule;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.proxy.LinkRequest;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Handles requests on service links: validates, routes, waits for an instance and forwards.
 * Thread-safe.
 */
public final class Gateway implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);

  /** Where the link tells how its deployments are. */
  public static final String STATUS_PATH = "/-/status";

  private final GatewayConfig config;
  private final Router router;
  private final HeaderRules headers;
  private final PendingLimit pendingLimit;
  private final Upstreams upstreams;
  private final ActiveRequests active;
  private final @Nullable RateLimit rateLimit;
  private volatile boolean draining;

  /**
   * Creates a gateway.
   *
   * @param config its settings
   * @param housekeeping what the front wants to have done at every {@link
   *     GatewayConfig#watchInterval}
   */
  public Gateway(GatewayConfig config, Runnable housekeeping) {
    this.config = requireNonNull(config, "config");
    router = new Router(config.hostSuffix());
    headers = new HeaderRules(config.trustForwarded());
    pendingLimit = new PendingLimit(config.maxPendingTotal());
    rateLimit =
        config.rateRequests() == 0
            ? null
            : new RateLimit(config.rateRequests(), config.ratePeriod(), System::nanoTime);
    upstreams = new Upstreams(endpoint -> upstream(endpoint, config));
    active =
        new ActiveRequests(
            config.watchInterval(),
            config.presenceInterval(),
            config.stallTimeout(),
            ClientPresence.ofSystem(),
            () -> {
              upstreams.evictIdle();
              housekeeping.run();
            });
  }

  private static Upstream upstream(URI endpoint, GatewayConfig config) {
    return SocketUpstream.serves(endpoint) && !config.okHttpOnly()
        ? new SocketUpstream(endpoint, config.connectTimeout())
        : new OkHttpUpstream(endpoint, config.connectTimeout());
  }

  GatewayConfig config() {
    return config;
  }

  HeaderRules headers() {
    return headers;
  }

  PendingLimit pendingLimit() {
    return pendingLimit;
  }

  Upstreams upstreams() {
    return upstreams;
  }

  ActiveRequests active() {
    return active;
  }

  /**
   * Returns how many requests are held.
   *
   * @return the number
   */
  public int held() {
    return pendingLimit.pending();
  }

  /**
   * Returns how many requests for deployments are under way, held ones included.
   *
   * @return the number
   */
  public int inFlight() {
    return active.size();
  }

  /**
   * Returns for how many instances connections are kept.
   *
   * @return the number
   */
  public int instances() {
    return upstreams.size();
  }

  /**
   * Tells the gateway what happens to instances.
   *
   * @param event the event
   */
  public void onEvent(DeploymentEvent event) {
    if (event instanceof DeploymentEvent.InstanceReleased released) {
      upstreams.drop(released.instanceId());
    } else if (event instanceof DeploymentEvent.InstanceExited exited) {
      upstreams.drop(exited.instanceId());
    }
  }

  /**
   * Returns whether a request is for a deployment's own host, so that it belongs here whatever its
   * path.
   *
   * @param head the request
   * @return true if so
   */
  public boolean isDeploymentHost(RequestHead head) {
    return router.byHost(head.headers().first("Host")) != null;
  }

  /**
   * Checks a request that is for a handler of the host application, and answers it if it is
   * refused.
   *
   * @param exchange the request
   * @return true if the handler may have it
   */
  public boolean accepts(Exchange exchange) {
    Problem problem = RequestGuard.check(exchange.request());
    if (problem != null) {
      refuse(exchange, problem, AccessLog.begin(exchange.request()));
    }
    return problem == null;
  }

  /**
   * Serves a request. Where it has to wait it may return before the response is sent; see {@link
   * Exchange#whenDone}.
   *
   * @param exchange the request
   * @param dedicated the deployment that the port belongs to, or null
   */
  public void handle(Exchange exchange, @Nullable String dedicated) {
    AccessLog.Line line = AccessLog.begin(exchange.request());
    RequestHead head = exchange.request();
    Problem problem = RequestGuard.check(head);
    if (problem == null && draining) {
      problem = Problems.shuttingDown(null);
    }
    if (problem != null) {
      refuse(exchange, problem, line);
      return;
    }
    Route route = router.route(head, dedicated);
    try {
      if (route != null) {
        toDeployment(exchange, route, line);
      } else if (head.path().equals(STATUS_PATH)) {
        status(exchange, line);
      } else {
        refuse(exchange, Problems.notFound(head.path()), line);
      }
    } catch (RuntimeException e) { // a rule of the host application, as likely as not
      LOG.error("The link failed to serve {} {}", head.method(), head.path(), e);
      refuse(exchange, Problems.internal(route == null ? null : route.deployment()), line);
    }
  }

  private void toDeployment(Exchange exchange, Route route, AccessLog.Line line) {
    RequestHead head = exchange.request();
    LinkRequest request = request(head, route.deployment(), route.path());
    if (Preflight.isPreflight(head) && Preflight.allowed(head, config.preflightOrigins())) {
      send(exchange, 204, Preflight.response(head), null, "");
      line.end(204, 0);
      return;
    }
    Problem problem = refusal(request, route);
    if (problem != null) {
      refuse(exchange, problem, line);
      return;
    }
    if (head.method().equals("OPTIONS") && "0".equals(head.headers().first("Max-Forwards"))) {
      send(exchange, 204, new HttpHeaders().add("Allow", "OPTIONS"), null, ""); // RFC 9110, 7.6.2
      line.end(204, 0);
      return;
    }
    Optional<Deployment> found = config.deployments().find(route.deployment());
    if (found.isEmpty()) {
      refuse(exchange, Problems.deploymentNotFound(route.deployment()), line);
      return;
    }
    Deployment deployment = found.get();
    if (config.noWake().stream().anyMatch(rule -> rule.matches(request))) {
      respondWithStatus(exchange, deployment, line);
      return;
    }
    String name = deployment.name();
    RouteRule rule = Route.rule(head.headers());
    if (head.headers().tokens("Upgrade").contains("websocket")) {
      refuse(exchange, Problems.upgradeNotSupported(name), line);
    } else if (head.bodyLength() > config.maxRequestBody()) {
      refuse(exchange, Problems.bodyTooLarge(name, config.maxRequestBody()), line);
    } else if (rule == null) {
      refuse(exchange, Problems.noSuchRouteTarget(name), line);
    } else if (config.waitingPage() && WaitingPage.wanted(head) && !ready(deployment)) {
      waitingPage(exchange, deployment, line);
    } else {
      WaitPreference wait = WaitPreference.of(head.headers(), config.maxWait());
      new Forwarding(this, exchange, route, deployment, rule, wait, line).start();
    }
  }

  /** Returns why the caller may not send this request, or null if they may. */
  private @Nullable Problem refusal(LinkRequest request, Route route) {
    if (!config.access().allow(request)) {
      return Problems.notAllowed(request.deployment());
    }
    if (rateLimit != null) {
      String token = config.access().useTokens() ? AccessRules.tokenId(request) : null;
      Duration wait =
          rateLimit.take(token != null ? token : RateLimit.callerAt(request.remote().getAddress()));
      if (!wait.isZero()) {
        return Problems.rateLimited(
            request.deployment(), config.rateRequests(), config.ratePeriod(), wait);
      }
    }
    return route.target().startsWith("//")
        ? Problems.badRequest("the path after the link must begin with exactly one slash")
        : null;
  }

  private static LinkRequest request(RequestHead head, String deployment, String path) {
    return new LinkRequest(
        deployment, head.method(), path, head.headers()::all, head.remote(), head.secure());
  }

  private static boolean ready(Deployment deployment) {
    return deployment.status().count(InstancePhase.READY) > 0;
  }

  /** Answers from the status, so that nothing is started and no idle time begins anew. */
  private void respondWithStatus(Exchange exchange, Deployment deployment, AccessLog.Line line) {
    DeploymentState status = deployment.status().state();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("deployment", deployment.name());
    json.put("status", status);
    HttpHeaders fields = new HttpHeaders().add("Cache-Control", "no-store");
    fields.add("AutoDeploy-Status", status.name());
    send(exchange, 200, fields, "application/json", Json.write(json));
    line.end(200, 0);
  }

  private void waitingPage(Exchange exchange, Deployment deployment, AccessLog.Line line) {
    DeploymentStatus status = deployment.status();
    boolean backingOff =
        status.backoffUntil() != null && status.backoffUntil().isAfter(Instant.now());
    if (status.count(InstancePhase.STARTING) == 0 && !backingOff) {
      deployment
          .warmUp()
          .whenComplete(
              (done, error) -> {
                if (error != null) {
                  LOG.debug("{}: the start for a waiting page failed", deployment.name(), error);
                }
              });
      status = deployment.status();
    }
    HttpHeaders fields =
        new HttpHeaders()
            .add("Cache-Control", "no-store")
            .add("Retry-After", Integer.toString(WaitingPage.RELOAD_SECONDS))
            .add("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
    send(
        exchange,
        503,
        fields,
        "text/html; charset=utf-8",
        WaitingPage.html(deployment, status, Instant.now()));
    line.end(503, 0);
  }

  private void status(Exchange exchange, AccessLog.Line line) {
    RequestHead head = exchange.request();
    if (!head.method().equals("GET") && !head.method().equals("HEAD")) {
      refuse(
          exchange,
          Problem.of(
              405, "method-not-allowed", "The method is not allowed", "the status is read by GET"),
          line);
      return;
    }
    List<Deployment> all = config.deployments().all();
    List<Deployment> visible =
        all.stream()
            .filter(one -> config.access().allow(request(head, one.name(), STATUS_PATH)))
            .toList();
    if (visible.isEmpty() && config.access().any()) {
      refuse(exchange, Problems.notAllowed(null), line);
      return;
    }
    String json = StatusDocument.of(visible, config.linkBase());
    HttpHeaders fields = new HttpHeaders().add("Cache-Control", "no-store");
    send(exchange, 200, fields, "application/json", json);
    line.end(200, json.length());
  }

  private void refuse(Exchange exchange, Problem problem, AccessLog.Line line) {
    respond(exchange, problem, new HttpHeaders());
    line.end(problem.status(), 0);
  }

  /** Answers with a problem and ends the exchange. */
  void respond(Exchange exchange, Problem problem, HttpHeaders fields) {
    String retryAfter = problem.retryAfterSeconds();
    if (retryAfter != null) {
      fields.set("Retry-After", retryAfter);
    }
    if (problem.close()) {
      fields.set("Connection", "close");
    }
    if (problem.status() == 401) {
      fields.set("WWW-Authenticate", "Bearer realm=\"autodeploy\"");
    }
    fields.set("Cache-Control", "no-store");
    send(exchange, problem.status(), fields, "application/problem+json", problem.json());
  }

  private void send(
      Exchange exchange, int status, HttpHeaders fields, @Nullable String type, String text) {
    active.whileResponding(exchange, () -> write(exchange, status, fields, type, text));
  }

  private void write(
      Exchange exchange, int status, HttpHeaders fields, @Nullable String type, String text) {
    byte[] body = text.getBytes(UTF_8);
    if (type != null) {
      fields.set("Content-Type", type);
    }
    if (closesConnection(exchange.request())) {
      fields.set("Connection", "close");
    }
    boolean headOnly = exchange.request().method().equals("HEAD");
    if (headOnly && status != 204) {
      fields.set("Content-Length", Integer.toString(body.length));
    }
    try {
      OutputStream out = exchange.respond(status, fields, headOnly ? 0 : body.length);
      if (!headOnly) {
        out.write(body);
        out.close();
      }
    } catch (IOException e) {
      LOG.debug("the client left before it was answered", e);
      exchange.abort();
      return;
    }
    exchange.complete();
  }

  /** Returns whether the service is about to end. */
  boolean draining() {
    return draining;
  }

  /**
   * Returns whether no other request may follow on the connection.
   *
   * @param head the request
   * @return true if so
   */
  public boolean closesConnection(RequestHead head) {
    return draining
        || (config.closeAfterChunked() && head.bodyLength() == RequestHead.CHUNKED)
        || head.headers().tokens("Connection").contains("close");
  }

  /** Returns whether the caller's {@code Authorization} is for the instance. */
  boolean keepAuthorization() {
    Boolean set = config.forwardAuthorization();
    return set != null ? set : !config.access().useTokens();
  }

  /**
   * Ends the service: refuses whoever still waits, lets the others finish up to a time, then breaks
   * them off. Blocks.
   *
   * @param timeout how long requests under way may take to finish
   */
  public void drain(Duration timeout) {
    draining = true;
    long deadline = System.nanoTime() + timeout.toNanos();
    while (active.size() > 0 && System.nanoTime() - deadline < 0) {
      active.all().forEach(Forwarding::refuseIfHeld);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
      if (Thread.interrupted()) {
        Thread.currentThread().interrupt();
        break;
      }
    }
    active.all().forEach(Forwarding::shutDown);
    long last = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
    while (active.size() > 0 && System.nanoTime() - last < 0) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
  }

  @Override
  public void close() {
    active.close();
    upstreams.close();
  }
}
