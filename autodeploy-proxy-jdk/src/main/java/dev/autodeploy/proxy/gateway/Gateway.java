package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.autodeploy.Deployment;
import dev.autodeploy.RouteRule;
import dev.autodeploy.event.DeploymentEvent;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a service link does with a request: checks it, finds its deployment, waits for an instance
 * and forwards. Thread-safe.
 */
public final class Gateway implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);

  /** Where the link tells how its deployments are. */
  public static final String STATUS_PATH = "/-/status";

  private final GatewayConfig config;
  private final Router router;
  private final HeaderRules headers;
  private final Admission admission;
  private final Upstreams upstreams;
  private final ActiveRequests active;
  private volatile boolean draining;

  /**
   * Creates a gateway.
   *
   * @param config its settings
   */
  public Gateway(GatewayConfig config) {
    this.config = requireNonNull(config, "config");
    router = new Router(config.hostSuffix());
    headers = new HeaderRules(config.trustForwarded());
    admission = new Admission(config.maxHeld());
    upstreams = new Upstreams(endpoint -> new OkHttpUpstream(endpoint, config.connectTimeout()));
    active =
        new ActiveRequests(
            config.watchInterval(), config.presenceInterval(), ClientPresence.ofSystem());
  }

  GatewayConfig config() {
    return config;
  }

  HeaderRules headers() {
    return headers;
  }

  Admission admission() {
    return admission;
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
    return admission.held();
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
  public boolean ownsHost(RequestHead head) {
    return router.byHost(head.fields().first("Host")) != null;
  }

  /**
   * Checks a request that is for a handler of the host application, and answers it if it is
   * refused.
   *
   * @param exchange the request
   * @return true if the handler may have it
   */
  public boolean admits(Exchange exchange) {
    Problem problem = RequestGuard.check(exchange.request());
    if (problem != null) {
      refuse(exchange, problem, AccessLog.begin(exchange.request()));
    }
    return problem == null;
  }

  /**
   * Serves a request. Where it has to wait it may return before the answer is sent; see {@link
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
    if (route != null) {
      toDeployment(exchange, route, line);
    } else if (head.path().equals(STATUS_PATH)) {
      status(exchange, line);
    } else {
      refuse(exchange, Problems.notFound(head.path()), line);
    }
  }

  private void toDeployment(Exchange exchange, Route route, AccessLog.Line line) {
    RequestHead head = exchange.request();
    Optional<Deployment> found = config.deployments().find(route.deployment());
    if (found.isEmpty()) {
      refuse(exchange, Problems.deploymentNotFound(route.deployment()), line);
      return;
    }
    Deployment deployment = found.get();
    String name = deployment.name();
    if (route.target().startsWith("//")) {
      refuse(
          exchange,
          Problems.badRequest("the path after the link must begin with exactly one slash"),
          line);
    } else if (head.fields().tokens("Upgrade").contains("websocket")) {
      refuse(exchange, Problems.upgradeNotSupported(name), line);
    } else if (head.bodyLength() > config.maxRequestBody()) {
      refuse(exchange, Problems.bodyTooLarge(name, config.maxRequestBody()), line);
    } else {
      RouteRule rule = Route.rule(head.fields());
      if (rule == null) {
        refuse(exchange, Problems.noSuchRouteTarget(name), line);
        return;
      }
      WaitPreference wait = WaitPreference.of(head.fields(), config.maxWait());
      new Forwarding(this, exchange, route, deployment, rule, wait, line).start();
    }
  }

  private void status(Exchange exchange, AccessLog.Line line) {
    String method = exchange.request().method();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      refuse(
          exchange,
          Problem.of(
              405, "method-not-allowed", "The method is not allowed", "the status is read by GET"),
          line);
      return;
    }
    String json = StatusDocument.of(config.deployments().all(), config.linkBase());
    Fields fields = new Fields().add("Cache-Control", "no-store");
    send(exchange, 200, fields, "application/json", json);
    line.end(200, json.length());
  }

  private void refuse(Exchange exchange, Problem problem, AccessLog.Line line) {
    answer(exchange, problem, new Fields());
    line.end(problem.status(), 0);
  }

  /** Answers with a problem and ends the exchange. */
  void answer(Exchange exchange, Problem problem, Fields fields) {
    String retryAfter = problem.retryAfterSeconds();
    if (retryAfter != null) {
      fields.set("Retry-After", retryAfter);
    }
    if (problem.close()) {
      fields.set("Connection", "close");
    }
    fields.set("Cache-Control", "no-store");
    send(exchange, problem.status(), fields, "application/problem+json", problem.json());
  }

  private void send(Exchange exchange, int status, Fields fields, String type, String text) {
    byte[] body = text.getBytes(UTF_8);
    fields.set("Content-Type", type);
    if (mustClose(exchange.request())) {
      fields.set("Connection", "close");
    }
    boolean headOnly = exchange.request().method().equals("HEAD");
    if (headOnly) {
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

  /** Returns whether no other request may follow on the connection. */
  boolean mustClose(RequestHead head) {
    return draining
        || (config.closeAfterChunked() && head.bodyLength() == RequestHead.CHUNKED)
        || head.fields().tokens("Connection").contains("close");
  }

  /** Returns whether the caller's {@code Authorization} is for the instance. */
  boolean keepAuthorization(String deployment) {
    return true;
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
