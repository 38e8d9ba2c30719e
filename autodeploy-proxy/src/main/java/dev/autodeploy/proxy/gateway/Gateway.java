package dev.autodeploy.proxy.gateway;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.net.HostLookup;
import dev.autodeploy.proxy.ModelRouter;
import dev.autodeploy.spi.Ticker;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Handles requests on service links: validates, routes, waits for an instance and forwards.
 * Thread-safe.
 *
 * <p>A request goes through a chain of {@linkplain LinkStep steps}, each of which responds or
 * passes it on. What comes out at the end is for an instance, and becomes a {@link ProxiedRequest}.
 */
public final class Gateway implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);

  /** The path of the document with the status of all deployments. */
  public static final String STATUS_PATH = "/-/status";

  /** The path at which a load balancer sees that the link serves. */
  public static final String HEALTH_PATH = "/-/health";

  /** All small bodies together that wait for an instance; more are read when there is one. */
  private static final long READ_AHEAD_BYTES = 64L * 1024 * 1024;

  /** The time without a request after which none is on its way through the front. */
  private static final Duration QUIET = Duration.ofMillis(100);

  /** The longest wait for such a time, at the end. */
  private static final Duration LINGER = Duration.ofSeconds(1);

  private final GatewayConfig config;
  private final Router router;
  private final BodyBudget budget = new BodyBudget(READ_AHEAD_BYTES);
  private final LinkServices services;
  private final LastAnswers lastAnswers;
  private final List<LinkStep> arrival;
  private final List<LinkStep> steps;
  private final @Nullable ModelStep models;
  private final StartEstimates estimates = new StartEstimates();
  private final AsyncRequests async;

  /**
   * Creates a gateway.
   *
   * @param config its settings
   * @param housekeeping what the front wants to have done at every {@link
   *     GatewayConfig#watchInterval}
   */
  public Gateway(GatewayConfig config, Runnable housekeeping) {
    this.config = requireNonNull(config, "config");
    Ticker ticker = config.ticker();
    router = new Router(config.hostSuffix());
    Upstreams upstreams = new Upstreams(endpoint -> upstream(endpoint, config));
    ActiveRequests active =
        new ActiveRequests(
            config.watchInterval(),
            config.presenceInterval(),
            config.stallTimeout(),
            config.minTransferRate(),
            ClientPresence.ofSystem(),
            () -> {
              upstreams.evictIdle();
              housekeeping.run();
            },
            new HeadBudget(config.headBytes()),
            ticker);
    ModelRouter modelRouter = config.models();
    models =
        modelRouter == null
            ? null
            : new ModelStep(modelRouter, config.deployments(), config.access());
    ConnectionRules connections = new ConnectionRules(config.closeAfterChunked());
    LinkAddresses addresses = new LinkAddresses(config.trustForwarded(), config.publicUrl());
    services =
        new LinkServices(
            config,
            new HeaderRules(config.trustForwarded()),
            addresses,
            new HostRefusals(),
            new PendingLimit(config.maxPendingTotal()),
            new QueueShares(),
            upstreams,
            active,
            connections,
            new LinkResponder(connections, active, config.cors(), models),
            ticker);
    lastAnswers = new LastAnswers(config.keepAuthorization(), ticker);
    SignInCookies signIn =
        new SignInCookies(config.access(), config.cors(), addresses, InstantSource.system());
    TicketOwners owners = new TicketOwners(config.access(), signIn);
    async = new AsyncRequests(this, services, estimates, owners, config.asyncAnswers());
    arrival = arrival(config, router, connections, models);
    steps = steps(config, signIn, addresses, lastAnswers, estimates, ticker);
  }

  /** Returns the steps up to the deployment's name. */
  private static List<LinkStep> arrival(
      GatewayConfig config,
      Router router,
      ConnectionRules connections,
      @Nullable ModelStep models) {
    List<LinkStep> steps = new ArrayList<>();
    steps.add(new GuardStep(connections));
    steps.add(new HealthStep(router));
    steps.add(new RouteStep(router, models));
    steps.add(new SiteStep(config.sites(), config.cors()));
    steps.add(new ServiceWorkerStep());
    steps.add(new PreflightStep(config.cors()));
    if (models != null) {
      steps.add(models);
    }
    return List.copyOf(steps);
  }

  private static List<LinkStep> steps(
      GatewayConfig config,
      SignInCookies signIn,
      LinkAddresses addresses,
      LastAnswers lastAnswers,
      StartEstimates estimates,
      Ticker ticker) {
    AccessRules access = config.access();
    List<LinkStep> steps = new ArrayList<>();
    steps.add(new StatusStep(config.deployments(), access, config.linkBase()));
    steps.add(new SignInStep(signIn, access, ticker));
    steps.add(new AccessStep(access, signIn));
    if (config.rateRequests() > 0) {
      steps.add(new RateLimitStep(config.rateRequests(), config.ratePeriod(), ticker));
    }
    steps.add(new TargetStep());
    steps.add(new DeploymentStep(config.deployments()));
    steps.add(new SleepModeStep());
    steps.add(new WakeStep(config.wake(), lastAnswers));
    steps.add(new SlashStep(addresses));
    steps.add(new UpgradeStep());
    steps.add(new BodyLimitStep(config.maxRequestBody()));
    steps.add(new RouteRuleStep(new StickyRules(config.sticky())));
    if (config.waitingPage()) {
      steps.add(new WaitingPageStep(estimates));
    }
    return List.copyOf(steps);
  }

  private static Upstream upstream(URI endpoint, GatewayConfig config) {
    return SocketUpstream.serves(endpoint) && !config.okHttpOnly()
        ? new SocketUpstream(endpoint, config.connectTimeout(), HostLookup.system())
        : new OkHttpUpstream(endpoint, config.connectTimeout(), HostLookup.system());
  }

  /**
   * Returns how many requests wait for an instance.
   *
   * @return the number
   */
  public int pending() {
    return services.pendingLimit().pending();
  }

  /**
   * Returns how many requests for deployments are under way, pending ones included.
   *
   * @return the number
   */
  public int inFlight() {
    return services.active().size();
  }

  /**
   * Returns for how many instances connections are kept.
   *
   * @return the number
   */
  public int instances() {
    return services.upstreams().size();
  }

  /**
   * Tells the gateway what happens to instances.
   *
   * @param event the event
   */
  public void onEvent(DeploymentEvent event) {
    if (event instanceof DeploymentEvent.InstanceReleased released) {
      services.upstreams().drop(released.instanceId());
    } else if (event instanceof DeploymentEvent.InstanceExited exited) {
      services.upstreams().drop(exited.instanceId());
    } else if (event instanceof DeploymentEvent.Removed
        || event instanceof DeploymentEvent.Updated) {
      services.refusals().forget(event.deployment());
      lastAnswers.forget(event.deployment());
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
   * Returns whether a request is for the address that all models share, so that no handler of the
   * host application gets it.
   *
   * @param head the request
   * @return true if so
   */
  public boolean isForModels(RequestHead head) {
    return models != null && models.serves(head.path());
  }

  /**
   * Returns the paths that all models share, as a servlet container maps them.
   *
   * @param router finds the deployment of a model
   * @return the paths
   */
  public static List<String> modelMappings(ModelRouter router) {
    List<String> all = ModelApi.mappings();
    all.addAll(router.morePaths());
    return List.copyOf(all);
  }

  /**
   * Checks a request that is for a handler of the host application, and responds to it if it is
   * refused.
   *
   * @param exchange the request
   * @return true if the handler may have it
   */
  public boolean accepts(Exchange exchange) {
    Problem problem = RequestGuard.check(exchange.request());
    if (problem == null) {
      problem = config.sites().checkHost(exchange.request());
    }
    if (problem != null) {
      refuse(exchange, problem);
    }
    return problem == null;
  }

  /**
   * Refuses a request that the front itself could not read.
   *
   * @param exchange the request, as far as it was read
   * @param problem what is wrong with it
   */
  public void refuse(Exchange exchange, Problem problem) {
    LinkCall call = new LinkCall(exchange.request(), null, false);
    respond(exchange, LinkResponse.of(problem), AccessLog.begin(exchange.request()), call);
  }

  /**
   * Returns whether {@link #handle} may run code of the host application, which may block.
   *
   * @param head the request
   * @return false if it never waits for anything but short locks
   */
  public boolean mayBlock(RequestHead head) {
    return config.access().asksApplication()
        || !config.wake().isEmpty()
        || config.waitingPage()
        || head.path().equals(STATUS_PATH)
        || head.path().contains(TicketDesk.PATH)
        || (models != null && models.mayBlock(head));
  }

  /**
   * Returns whether no other request may follow on the connection.
   *
   * @param head the request
   * @return true if so
   */
  public boolean closesConnection(RequestHead head) {
    return services.connections().closesConnection(head);
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
    services.connections().requested(line.beganNanos());
    LinkCall call = new LinkCall(exchange.request(), dedicated, exchange.switchesProtocols());
    guarded(
        exchange,
        call,
        line,
        () -> {
          LinkResponse own = firstResponse(arrival, call);
          if (own != null) {
            respond(exchange, own, line, call);
          } else if (async.fetch(exchange, call, line)) {
            LOG.trace("A ticket was asked for");
          } else if (isForLostTicket(call)) {
            respond(exchange, LinkResponse.of(Problems.ticketNotFound()), line, call);
          } else if (!services.active().hasRoomFor(call.head())) {
            respond(exchange, LinkResponse.of(RequestGuard.noRoomForHeader()), line, call);
          } else if (models != null && call.asksForModel()) {
            findModel(models, exchange, call, line);
          } else {
            toDeployment(exchange, call, line);
          }
        });
  }

  /**
   * Returns whether a ticket is asked for that is gone: that must not start an instance, on a host
   * of its own neither.
   */
  private boolean isForLostTicket(LinkCall call) {
    return call.routed()
        ? config.asyncAnswers().enabled() && TicketDesk.ticketOf(call) != null
        : call.head().path().startsWith(TicketDesk.PATH);
  }

  private void findModel(ModelStep step, Exchange exchange, LinkCall call, AccessLog.Line line) {
    ModelStep.Search search = step.search(call);
    Consumer<Relay.@Nullable Cause> next =
        failure ->
            guarded(
                exchange,
                call,
                line,
                () -> {
                  LinkResponse own =
                      failure == null
                          ? step.chosen(exchange, call, search)
                          : LinkResponse.of(unread(failure));
                  if (own != null) {
                    respond(exchange, own, line, call);
                  } else {
                    toDeployment(exchange, call, line);
                  }
                });
    if (search.isKnown()) {
      next.accept(null);
    } else {
      new ArrivingRequest(services.active(), exchange, call).read(search.prefix(), next);
    }
  }

  /** Returns the problem of a body that could not be read. */
  Problem unread(Relay.Cause failure) {
    return failure == Relay.Cause.BODY_TOO_LARGE
        ? Problems.bodyTooLarge(null, config.maxRequestBody())
        : Problems.requestBodyBroken(null);
  }

  private void toDeployment(Exchange exchange, LinkCall call, AccessLog.Line line) {
    LinkResponse own = firstResponse(steps, call);
    if (own != null) {
      respond(exchange, own, line, call);
    } else if (async.wants(call)) {
      async.serve(exchange, call, line, () -> forward(exchange, call, line));
    } else {
      forward(exchange, call, line);
    }
  }

  /** Nothing that a rule of the host application throws leaves a request without a response. */
  void guarded(Exchange exchange, LinkCall call, AccessLog.Line line, Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      LOG.error("The link failed to serve {}", call.head().shown(), e);
      respond(exchange, LinkResponse.of(Problems.internal(call.deploymentName())), line, call);
    }
  }

  /**
   * Returns a relay that moves the bytes of an exchange on the threads that call it.
   *
   * @param exchange the exchange
   * @return the relay
   */
  public Relay blockingRelay(BlockingExchange exchange) {
    return new BlockingRelay(
        exchange,
        services.upstreams(),
        config.maxRequestBody(),
        config.pace(),
        config.responsePace(),
        budget,
        services.ticker());
  }

  private static @Nullable LinkResponse firstResponse(List<LinkStep> steps, LinkCall call) {
    for (LinkStep step : steps) {
      LinkResponse response = step.handle(call);
      if (response != null) {
        return response;
      }
    }
    return null;
  }

  private void forward(Exchange exchange, LinkCall call, AccessLog.Line line) {
    WaitPreference wait = WaitPreference.of(call.head().headers(), config.maxWait());
    new ProxiedRequest(services, exchange, call, wait, line).start();
  }

  /** Sends a response of the link; the last thing that becomes of a request. */
  void respond(Exchange exchange, LinkResponse response, AccessLog.Line line, LinkCall call) {
    call.release();
    services.responder().send(exchange, response, call.deploymentName());
    line.end(response.status(), 0);
  }

  /** Refuses the requests that wait for an instance. */
  public void refuseHeld() {
    services.active().all().forEach(ProxiedRequest::refuseIfHeld);
  }

  /**
   * Ends the service: refuses the requests that still wait, lets the others finish up to a time,
   * then aborts them. Those that come meanwhile are refused on connections that end with that; it
   * returns when none has come for a moment, so that the front cuts none by closing. Blocks.
   *
   * @param timeout how long requests under way may take to finish
   */
  public void drain(Duration timeout) {
    services.connections().drain();
    ActiveRequests active = services.active();
    long deadline = System.nanoTime() + timeout.toNanos();
    while (active.size() > 0 && System.nanoTime() - deadline < 0) {
      active.all().forEach(ProxiedRequest::refuseIfHeld);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
      if (Thread.interrupted()) {
        Thread.currentThread().interrupt();
        break;
      }
    }
    active.all().forEach(ProxiedRequest::shutDown);
    long last = System.nanoTime() + LINGER.toNanos();
    while ((active.isBusy() || services.connections().isBusy(System.nanoTime(), QUIET.toNanos()))
        && System.nanoTime() - last < 0) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
  }

  @Override
  public void close() {
    async.close();
    services.active().close();
    services.upstreams().close();
  }
}
