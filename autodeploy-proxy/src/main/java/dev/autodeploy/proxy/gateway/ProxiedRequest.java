package dev.autodeploy.proxy.gateway;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.Lease;
import dev.autodeploy.RouteRule;
import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.spi.InstanceExit;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

// Over 500 lines: all ways in which one request can end, which have to be seen together.
/**
 * A proxied request, from the wait for a lease to the end of the response. It decides: when to
 * send, when to send again, what an error means to the client, when it has taken too long. The
 * bytes are moved by a {@link Relay}, which may block or not.
 *
 * <p>It goes HELD -> FORWARDED -> RESPONDING -> DONE, and back to HELD for a replay. Its steps run
 * on one thread at a time; {@link #watch}, {@link #clientGone}, {@link #stalled}, {@link
 * #refuseIfHeld} and {@link #shutDown} come from other threads, and only abort: the step that this
 * ends decides what it means.
 */
final class ProxiedRequest implements Client {
  private static final Logger LOG = LoggerFactory.getLogger(ProxiedRequest.class);

  /** The end of a connection may be noticed this much earlier than the end of its instance. */
  private static final Duration EXIT_NOTICE = Duration.ofMillis(100);

  private final LinkServices services;
  private final Exchange exchange;
  private final RequestHead head;
  private final Route route;
  private final Deployment deployment;
  private final RouteRule rule;
  private final Relay relay;
  private final AccessLog.Line log;
  private final QueuePlace place;
  private final Deadlines deadlines;
  private final ResponseHeaders responseHeaders;
  private final ForwardingFailures failures;
  private final @Nullable String upgrade;
  private final LinkAddress link;
  private final InstanceUse use;
  private final StickyRules.@Nullable Caller caller;

  private int replays;
  private volatile boolean connectionSeen;
  private int status;
  private @Nullable Lease lease;
  private boolean borrowed;
  private boolean lengthKnown;

  private volatile boolean placeTaken;
  private volatile Phase phase = Phase.HELD;
  private volatile long phaseSince;
  private volatile long usedSince = Relay.NOT_WAITING;
  private volatile long forwardedSince = Relay.NOT_WAITING;

  private volatile @Nullable Duration maxRequestTime;

  /** The instance is to blame for the time that the request has taken. */
  private volatile boolean hung;

  private volatile @Nullable CompletableFuture<Lease> pending;
  private volatile Relay.@Nullable Attempt attempt;
  private volatile @Nullable AbortReason aborted;

  ProxiedRequest(
      LinkServices services,
      Exchange exchange,
      LinkCall call,
      WaitPreference wait,
      AccessLog.Line log) {
    this.services = services;
    this.exchange = exchange;
    this.head = call.head();
    this.route = call.route();
    this.deployment = call.deployment();
    this.rule = call.rule();
    this.use = call.use();
    this.caller = call.caller();
    this.log = log;
    place =
        new QueuePlace(services.shares(), services.pendingLimit(), call.request(), call.tokenId());
    relay = call.relay(exchange);
    failures = new ForwardingFailures(deployment.name(), services.config(), wait.time());
    link = services.addresses().of(head, route);
    upgrade = call.switchesProtocols() ? Upgrade.asked(head) : null;
    responseHeaders =
        new ResponseHeaders(
            services.connections(),
            services.config().cors(),
            head,
            route,
            wait.applied(),
            services.config().sandboxLinks(),
            upgrade != null);
    phaseSince = services.ticker().read();
    deadlines =
        new Deadlines(
            phaseSince,
            wait.time().toNanos(),
            services.config().responseTimeout().toNanos(),
            services.config().exchangeTimeout().toNanos());
  }

  /** Begins; the last thing that the caller does. */
  void start() {
    services.active().add(this);
    exchange.onClientGone(this::clientGone);
    // The drain looks at the active requests after it has begun: one of the two sees the other.
    guarded(
        services.connections().draining()
            ? () -> refuse(Problems.shuttingDown(deployment.name()))
            : this::readAhead);
  }

  /** Nothing may leave a request without a response, or its lease open. */
  private void guarded(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException | Error e) {
      LOG.error("{}: the link failed to serve a request", deployment.name(), e);
      fail();
    }
  }

  // HELD: reads a small body, and waits for a lease

  private void readAhead() {
    relay.readAhead(failure -> guarded(failure == null ? this::acquire : () -> unread(failure)));
  }

  private void unread(Relay.Cause failure) {
    refuseOrAbandon(failures.unread(aborted, failure));
  }

  private void acquire() {
    long left = deadlines.leftNanos(services.ticker().read());
    enter(Phase.HELD);
    if (!use.keeps() && borrow()) {
      return;
    }
    CompletableFuture<Lease> future =
        deployment.acquireAsync(new AcquireRequest(rule, Duration.ofNanos(left)));
    pending = future;
    if (aborted != null) {
      future.cancel(false); // the client left in between
    }
    if (future.isDone()) {
      acquired(future);
      return;
    }
    if (!place.take(this)) {
      if (future.cancel(false)) {
        refuse(Problems.heldFull(deployment.name(), services.pendingLimit().limit()));
      } else {
        acquired(future); // the lease came in between, and somebody has to give it back
      }
      return;
    }
    exchange.whenDone(future, () -> guarded(() -> acquired(future)));
  }

  /** Takes an instance that it does not keep, if one is ready; returns false to wait for one. */
  private boolean borrow() {
    Lease lent = deployment.borrow(rule).orElse(null);
    lease = lent;
    borrowed = lent != null;
    if (lent != null) {
      forward(lent); // which may be the whole exchange
      return true;
    }
    if (use.wakes()) {
      return false;
    }
    boolean named = rule instanceof RouteRule.Instance;
    if (named && deployment.status().count(InstancePhase.READY) > 0) {
      refuse(Problems.namedInstanceNotReady(deployment.name()));
    } else {
      asleep();
    }
    return true;
  }

  private void asleep() {
    String name = deployment.name();
    end(
        Outcome.refused(
            use.refusal() == 503
                ? LinkResponse.of(Problems.asleep(name))
                : LinkResponse.withoutBody(use.refusal(), new HttpHeaders())));
  }

  private void acquired(CompletableFuture<Lease> future) {
    place.leave();
    pending = null;
    try {
      lease = future.join();
    } catch (CancellationException e) {
      refuseOrAbandon(failures.unserved(aborted, placeTaken));
      return;
    } catch (CompletionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      if (place.makesRoomAfter(cause)) {
        acquire();
        return;
      }
      if (rule instanceof RouteRule.Running
          && cause instanceof AutoDeployException refusal
          && refusal.code() == ErrorCode.ROUTE_TARGET_NOT_FOUND) {
        asleep();
      } else {
        refuse(Problems.of(cause, deployment.name()));
      }
      return;
    }
    forward(lease);
  }

  /** Gives the place in the queue to another caller, if it still waits. Called by any thread. */
  boolean giveUpPlace() {
    CompletableFuture<Lease> waits = pending;
    if (waits == null) {
      return false;
    }
    placeTaken = true;
    if (waits.cancel(false)) {
      place.leave(); // at once, as the request's own thread may be a while
      return true;
    }
    placeTaken = false;
    return false;
  }

  // FORWARDED: the instance has the request

  private void forward(Lease granted) {
    enter(Phase.FORWARDED);
    usedSince = usedSince == Relay.NOT_WAITING ? phaseSince : usedSince;
    DeploymentSpec spec = deployment.spec();
    maxRequestTime = spec.maxRequestTime();
    forwardedSince = phaseSince;
    log.granted(granted);
    AccessRules access = services.config().access();
    boolean keep = services.config().keepAuthorization();
    RequestHead sentHead = access.withoutOurs(head, services.config().forwardsAuthorization());
    LinkView view = view(granted, spec);
    HttpHeaders headers = services.headers().toInstance(sentHead, view, keep, upgrade);
    if (exchange.passesTrailers() && upgrade == null) {
      TrailerRules.announceToInstance(head.headers(), headers);
    }
    Relay.Attempt sent;
    try {
      sent =
          relay.prepare(
              granted,
              new Relay.Request(
                  head.method(), access.withoutOurs(route.target()), headers, head.bodyLength()));
    } catch (Relay.TargetException e) {
      refuse(Problems.targetNotForwardable(deployment.name()));
      return;
    }
    attempt = sent;
    CompletableFuture<InstanceExit> exit = new CompletableFuture<>();
    granted
        .lost()
        .whenComplete(
            (lost, error) -> {
              if (lost != null) {
                exit.complete(lost);
                sent.cancel();
              }
            });
    if (aborted != null) {
      sent.cancel(); // the abort may have missed the attempt
    }
    sent.execute(new Events(granted, view, sent, exit));
  }

  private LinkView view(Lease granted, DeploymentSpec spec) {
    return new LinkView(
        link,
        granted.endpoint(),
        spec.port(),
        spec.preserveHost(),
        head.path().equals(route.prefix()));
  }

  private void unanswered(Events on, Relay.Unanswered failure) {
    AbortReason reason = aborted;
    if (reason == AbortReason.CLIENT_GONE || reason == AbortReason.CLIENT_STALLED) {
      end(Outcome.abandoned());
      return;
    }
    String instance = on.granted.instanceId();
    Problem hopeless = failures.unanswered(reason, failure.cause(), instance);
    if (hopeless != null) {
      refuse(hopeless);
    } else if (!ReplayRule.allows(head, failure.bodyRead(), replays)) {
      on.afterExit(() -> refuse(failures.broken(instance, failure.cause(), on.exit.getNow(null))));
    } else if (replays == 0) {
      replay(on, failure);
    } else {
      on.afterExit(() -> replay(on, failure)); // so that the engine chooses another instance
    }
  }

  private void replay(Events on, Relay.Unanswered failure) {
    replays++;
    LOG.debug(
        "{}: instance {} gave no response, trying again: {}",
        deployment.name(),
        on.granted.instanceId(),
        PlainText.line(String.valueOf(failure.error())));
    attempt = null;
    lease = null;
    on.granted.close();
    acquire();
  }

  // RESPONDING: the response goes to the client

  private Relay.@Nullable ResponseStart respond(
      Lease granted, LinkView view, int code, HttpHeaders received) {
    Relay.ResponseStart start = responseHeaders.start(granted, view, code, received);
    if (start != null && exchange.passesTrailers()) {
      TrailerRules.announceToClient(received, start.headers());
    }
    if (start == null) {
      refuse(
          Problems.instanceBroke(
              deployment.name(), granted.instanceId(), "its answer is not well-formed"));
      return null;
    }
    String hint = services.refusals().hint(deployment.name(), view.host(), code);
    if (hint != null) {
      start.headers().set("AutoDeploy-Hint", hint);
    }
    String cookie = caller == null || borrowed ? null : caller.served(granted.instanceId(), link);
    if (cookie != null) {
      start.headers().add("Set-Cookie", cookie);
    }
    status = code;
    lengthKnown = received.first("Content-Length") != null;
    enter(Phase.RESPONDING);
    LastAnswers.Recording recording = use.recording();
    return recording == null
        ? start
        : new Relay.ResponseStart(
            start.headers(), start.withoutBody(), recording.begin(code, received, start.headers()));
  }

  private void complete(long bytes) {
    LastAnswers.Recording recording = use.recording();
    if (recording != null) {
      recording.complete();
    }
    end(Outcome.completed(status, bytes));
  }

  /** The response broke off, which is its end if it was one that did not keep its instance. */
  private void truncated(Events on, long bytes, IOException error) {
    if (!borrowed || lengthKnown || aborted != null) {
      truncate(bytes, error);
      return;
    }
    on.afterExit(
        () -> {
          InstanceExit exit = on.exit.getNow(null);
          boolean released = exit != null && exit.exitCode() == null; // and did not end by itself
          if (released && aborted == null) {
            end(Outcome.completed(status, bytes));
          } else {
            truncate(bytes, error);
          }
        });
  }

  private void truncate(long bytes, IOException error) {
    failures.logTruncated(LOG, aborted, bytes, error);
    end(Outcome.truncated(status, bytes));
  }

  // DONE

  private void refuseOrAbandon(@Nullable Problem problem) {
    if (problem == null) {
      end(Outcome.abandoned());
    } else {
      refuse(problem);
    }
  }

  private void refuse(Problem problem) {
    HttpHeaders more = new HttpHeaders();
    Lease granted = lease;
    if (granted != null) {
      responseHeaders.addInstance(more, granted);
    }
    end(Outcome.refused(LinkResponse.of(problem, more)));
  }

  /** Ends the exchange after an error in the link itself. */
  private void fail() {
    place.leave();
    switch (phase) {
      case DONE -> exchange.abort();
      case RESPONDING -> end(Outcome.failed());
      default -> {
        cancelAttempt();
        refuse(Problems.internal(deployment.name()));
      }
    }
  }

  /**
   * Ends the exchange. The lease is given back first: a client that is slow to take its response,
   * or to send the rest of its body, keeps no instance with it.
   */
  private void end(Outcome outcome) {
    enter(Phase.DONE);
    Lease granted = lease;
    lease = null;
    try {
      if (granted != null && hung) {
        granted.abandon("a request took longer than its deployment allows (maxRequestTime)");
      } else if (granted != null) {
        granted.close();
      }
    } finally {
      finishAndForget(outcome);
    }
  }

  private void finishAndForget(Outcome outcome) {
    try {
      finish(outcome);
    } finally {
      attempt = null;
      LastAnswers.Recording recording = use.recording();
      if (recording != null) {
        recording.close();
      }
      relay.close();
      services.active().remove(this);
      log.end(outcome);
    }
  }

  private void finish(Outcome outcome) {
    LinkResponse own = outcome.response();
    if (own != null) {
      services.responder().send(exchange, own, deployment.name());
      return;
    }
    switch (outcome.kind()) {
      case COMPLETED -> exchange.complete();
      case ABANDONED -> exchange.abandon();
      default -> {
        cancelAttempt();
        exchange.abort();
      }
    }
  }

  private void enter(Phase next) {
    phaseSince = services.ticker().read();
    phase = next;
  }

  // From other threads

  /** Checks the limits that need no exact time. */
  void watch(long nowNanos) {
    if (relay.clientTooSlow()) {
      stalled();
      return;
    }
    if (upgrade == null && aborted == null && isOverdue(nowNanos)) {
      hung = exchange.transferringSince() == 0; // else it is the client that takes its time
      abort(AbortReason.REQUEST_OVERDUE);
      if (!hung) {
        exchange.breakTransfer();
      }
      return;
    }
    Relay.Attempt current = attempt;
    AbortReason passed =
        deadlines.passed(
            phase,
            usedSince,
            phaseSince,
            current == null ? Relay.NOT_WAITING : current.waitingSince(),
            nowNanos);
    if (passed != null) {
      abort(passed);
    }
  }

  private boolean isOverdue(long nowNanos) {
    return Deadlines.requestOverdue(phase, forwardedSince, maxRequestTime, nowNanos);
  }

  /** Returns for how long the exchange has been under way. */
  long ageNanos(long nowNanos) {
    return nowNanos - deadlines.startedNanos();
  }

  /** Returns whether somebody has to look whether the client is still there. */
  boolean needsPresence() {
    return !exchange.noticesGone();
  }

  boolean isHeld() {
    return phase == Phase.HELD;
  }

  /** Notes that the connection of the request was found. */
  void connectionSeen() {
    connectionSeen = true;
    exchange.connectionSeen();
  }

  /** Returns whether the connection may have other addresses than the request says. */
  boolean mayBeElsewhere() {
    return !connectionSeen && !exchange.hasOwnAddresses();
  }

  @Override
  public RequestHead request() {
    return head;
  }

  @Override
  public long transferringSince() {
    return exchange.transferringSince();
  }

  @Override
  public void stalled() {
    abort(AbortReason.CLIENT_STALLED);
    exchange.breakTransfer();
  }

  void clientGone() {
    abort(AbortReason.CLIENT_GONE);
    exchange.breakTransfer();
  }

  /** Refuses the request if it still waits for an instance. */
  void refuseIfHeld() {
    if (phase == Phase.HELD) {
      abort(AbortReason.SHUTDOWN);
    }
  }

  /** Aborts the exchange, whatever it is at. */
  void shutDown() {
    abort(AbortReason.SHUTDOWN);
    exchange.breakTransfer();
  }

  private void abort(AbortReason reason) {
    if (aborted == null) {
      aborted = reason;
    }
    CompletableFuture<Lease> waits = pending;
    if (waits != null) {
      waits.cancel(false);
    }
    cancelAttempt();
  }

  private void cancelAttempt() {
    Relay.Attempt current = attempt;
    if (current != null) {
      current.cancel();
    }
  }

  /** The events of one attempt. */
  private final class Events implements Relay.Listener {
    private final Lease granted;
    private final LinkView view;
    private final Relay.Attempt sent;
    private final CompletableFuture<InstanceExit> exit;

    Events(Lease granted, LinkView view, Relay.Attempt sent, CompletableFuture<InstanceExit> exit) {
      this.granted = granted;
      this.view = view;
      this.sent = sent;
      this.exit = exit;
    }

    /** Continues once it is known whether the instance is gone. */
    void afterExit(Runnable next) {
      sent.afterDone(exit, EXIT_NOTICE, () -> guarded(next));
    }

    /** The time for the response runs from the last byte of the request. */
    @Override
    public void requestProgress() {
      phaseSince = services.ticker().read();
    }

    /** What an instance says of its own accord does not put off the time for its response. */
    @Override
    public @Nullable HttpHeaders interim(int code, HttpHeaders headers) {
      boolean known = code > 100 && !head.version().equals("HTTP/1.0") && aborted == null;
      return known ? HeaderRules.toClient(headers, route, LinkMapping.of(view)) : null;
    }

    @Override
    public Relay.@Nullable ResponseStart responding(int code, HttpHeaders headers) {
      try {
        return respond(granted, view, code, headers);
      } catch (RuntimeException | Error e) {
        LOG.error("{}: the link failed to pass a response on", deployment.name(), e);
        fail();
        return null;
      }
    }

    @Override
    public void completed(long bytes) {
      guarded(() -> complete(bytes));
    }

    @Override
    public void endedWithConnection(long bytes, Runnable complete) {
      afterExit(
          () -> {
            if (exit.isDone() || aborted != null) {
              truncate(bytes, new IOException("the instance ended"));
            } else {
              complete.run();
            }
          });
    }

    @Override
    public void unanswered(Relay.Unanswered failure) {
      guarded(() -> ProxiedRequest.this.unanswered(this, failure));
    }

    @Override
    public void truncated(long bytes, IOException error) {
      guarded(() -> ProxiedRequest.this.truncated(Events.this, bytes, error));
    }

    @Override
    public void clientLeft(long bytes) {
      guarded(() -> end(Outcome.clientLeft(status, bytes)));
    }
  }
}
