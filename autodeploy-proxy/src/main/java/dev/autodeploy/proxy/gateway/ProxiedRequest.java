package dev.autodeploy.proxy.gateway;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.spi.InstanceExit;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A proxied request, from the wait for a lease to the end of the response. It decides: when to
 * send, when to send again, what an error means to the client, when it has taken too long. It waits
 * by an {@link InstanceWait}; what the instance is sent is composed by an {@link InstanceRequest},
 * what the client is sent by a {@link ClientResponse}; and the bytes are moved by a {@link Relay},
 * which may block or not.
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
  private final LinkCall call;
  private final @Nullable String preferenceApplied;
  private final Relay relay;
  private final AccessLog.Line log;
  private final ExchangeProgress progress;
  private final InstanceWait wait;

  private int replays;
  private volatile boolean connectionSeen;
  private int status;
  private @Nullable Lease lease;
  private boolean borrowed;
  private boolean lengthKnown;

  /** The instance is to blame for the time that the request has taken. */
  private volatile boolean hung;

  private volatile Relay.@Nullable Attempt attempt;
  private volatile @Nullable AbortReason aborted;

  ProxiedRequest(
      LinkServices services,
      Exchange exchange,
      LinkCall call,
      WaitPreference preference,
      AccessLog.Line log) {
    this.services = services;
    this.exchange = exchange;
    this.call = call;
    this.log = log;
    preferenceApplied = preference.applied();
    relay = call.relay(exchange);
    progress = new ExchangeProgress(services.config(), preference.time());
    wait = new InstanceWait(services, exchange, call, progress, new Waiting());
  }

  /** Begins; the last thing that the caller does. */
  void start() {
    services.active().add(this);
    exchange.onClientGone(this::clientGone);
    // The drain looks at the active requests after it has begun: one of the two sees the other.
    guarded(
        services.connections().draining()
            ? () -> refuse(Problems.shuttingDown(name()))
            : this::readAhead);
  }

  /** Nothing may leave a request without a response, or its lease open. */
  private void guarded(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException | Error e) {
      LOG.error("{}: the link failed to serve a request", name(), e);
      fail();
    }
  }

  private String name() {
    return call.deployment().name();
  }

  private ForwardingFailures failures() {
    return new ForwardingFailures(name(), services.config(), progress.maxWait());
  }

  // HELD: reads a small body, and waits for a lease

  private void readAhead() {
    relay.readAhead(failure -> guarded(failure == null ? this::acquire : () -> unread(failure)));
  }

  private void unread(Relay.Cause failure) {
    refuseOrAbandon(failures().unread(aborted, failure));
  }

  private void acquire() {
    progress.enter(Phase.HELD);
    wait.begin();
  }

  // FORWARDED: the instance has the request

  private void forward(Lease granted) {
    DeploymentSpec spec = call.deployment().spec();
    InstanceRequest toInstance = InstanceRequest.of(services, call, exchange.passesTrailers());
    boolean upgrades = toInstance.upgrade() != null;
    Duration longest = upgrades ? null : spec.maxRequestTime(); // a tunnel may last
    progress.forward(longest, exchange.clientNanos());
    log.granted(granted);
    LinkView view = toInstance.view(granted, spec);
    Relay.Attempt sent;
    try {
      sent = relay.prepare(granted, toInstance.compose(view));
    } catch (Relay.TargetException e) {
      refuse(Problems.targetNotForwardable(name()));
      return;
    }
    attempt = sent;
    ResponseHeaders heads = ResponseHeaders.of(services, call, preferenceApplied, upgrades);
    ClientResponse toClient = new ClientResponse(services, exchange, call, heads, view);
    Events events = new Events(granted, toClient, sent);
    granted
        .lost()
        .whenComplete(
            (lost, error) -> {
              if (lost != null) {
                events.exit.complete(lost);
                sent.cancel();
              }
            });
    if (aborted != null) {
      sent.cancel(); // the abort may have missed the attempt
    }
    sent.execute(events);
  }

  private void unanswered(Events on, Relay.Unanswered failure) {
    AbortReason reason = aborted;
    if (reason == AbortReason.CLIENT_GONE || reason == AbortReason.CLIENT_STALLED) {
      end(Outcome.abandoned());
      return;
    }
    String instance = on.granted.instanceId();
    Problem hopeless = failures().unanswered(reason, failure.cause(), instance);
    if (hopeless != null) {
      refuse(hopeless);
    } else if (!ReplayRule.allows(call.head(), failure.bodyRead(), replays)) {
      on.afterExit(
          () -> refuse(failures().broken(instance, failure.cause(), on.exit.getNow(null))));
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
        name(),
        on.granted.instanceId(),
        PlainText.line(String.valueOf(failure.error())));
    attempt = null;
    lease = null;
    on.granted.close();
    acquire();
  }

  // RESPONDING: the response goes to the client

  private Relay.@Nullable ResponseStart respond(Events on, int code, HttpHeaders received) {
    Relay.ResponseStart start = on.toClient.start(on.granted, borrowed, code, received);
    if (start == null) {
      refuse(failures().malformed(on.granted.instanceId()));
      return null;
    }
    status = code;
    lengthKnown = received.first("Content-Length") != null;
    progress.enter(Phase.RESPONDING);
    return start;
  }

  private void complete(Events on, long bytes) {
    on.toClient.complete();
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
    failures().logTruncated(LOG, aborted, bytes, error);
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
    end(Outcome.refused(LinkResponse.of(problem, ResponseHeaders.ofRefusal(call.head(), lease))));
  }

  /** Ends the exchange after an error in the link itself. */
  private void fail() {
    wait.leave();
    switch (progress.phase()) {
      case DONE -> exchange.abort();
      case RESPONDING -> end(Outcome.failed());
      default -> {
        cancelAttempt();
        refuse(Problems.internal(name()));
      }
    }
  }

  /**
   * Ends the exchange. The lease is given back first: a client that is slow to take its response,
   * or to send the rest of its body, keeps no instance with it.
   */
  private void end(Outcome outcome) {
    progress.enter(Phase.DONE);
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
      call.use().end();
      relay.close();
      services.active().remove(this);
      log.end(outcome);
    }
  }

  private void finish(Outcome outcome) {
    LinkResponse own = outcome.response();
    if (own != null) {
      services.responder().send(exchange, own, name());
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

  // From other threads

  /** Checks the limits that need no exact time. */
  void watch(long nowNanos) {
    if (relay.clientTooSlow()) {
      stalled();
      return;
    }
    if (aborted == null && progress.isRequestOverdue(nowNanos)) {
      hung = progress.isInstanceToBlame(nowNanos, exchange.clientNanos());
      abort(AbortReason.REQUEST_OVERDUE);
      if (!hung) {
        exchange.breakTransfer();
      }
      return;
    }
    Relay.Attempt current = attempt;
    AbortReason passed =
        progress.passed(current == null ? Relay.NOT_WAITING : current.waitingSince(), nowNanos);
    if (passed != null) {
      abort(passed);
    }
  }

  /** Returns for how long the exchange has been under way. */
  long ageNanos(long nowNanos) {
    return progress.ageNanos(nowNanos);
  }

  /** Returns whether somebody has to look whether the client is still there. */
  boolean needsPresence() {
    return !exchange.noticesGone();
  }

  boolean isHeld() {
    return progress.phase() == Phase.HELD;
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
    return call.head();
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
    if (progress.phase() == Phase.HELD) {
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
    wait.cancel();
    cancelAttempt();
  }

  private void cancelAttempt() {
    Relay.Attempt current = attempt;
    if (current != null) {
      current.cancel();
    }
  }

  /** The end of the wait for an instance. */
  private final class Waiting implements InstanceWait.Listener {
    @Override
    public void step(Runnable step) {
      guarded(step);
    }

    @Override
    public void granted(Lease granted, boolean isBorrowed) {
      lease = granted;
      borrowed = isBorrowed;
      forward(granted);
    }

    @Override
    public void refused(LinkResponse response) {
      end(Outcome.refused(response));
    }

    @Override
    public void cancelled(boolean placeTaken) {
      refuseOrAbandon(failures().unserved(aborted, placeTaken));
    }
  }

  /** The events of one attempt. */
  private final class Events implements Relay.Listener {
    private final Lease granted;
    private final ClientResponse toClient;
    private final Relay.Attempt sent;
    private final CompletableFuture<InstanceExit> exit = new CompletableFuture<>();

    Events(Lease granted, ClientResponse toClient, Relay.Attempt sent) {
      this.granted = granted;
      this.toClient = toClient;
      this.sent = sent;
    }

    /** Continues once it is known whether the instance is gone. */
    void afterExit(Runnable next) {
      sent.afterDone(exit, EXIT_NOTICE, () -> guarded(next));
    }

    /** The time for the response runs from the last byte of the request. */
    @Override
    public void requestProgress() {
      progress.requestProgress();
    }

    /**
     * Ignores what an instance says of its own accord, which does not put off the time for its
     * response.
     */
    @Override
    public @Nullable HttpHeaders interim(int code, HttpHeaders headers) {
      boolean known = code > 100 && !call.head().version().equals("HTTP/1.0") && aborted == null;
      return known ? toClient.interim(headers) : null;
    }

    @Override
    public Relay.@Nullable ResponseStart responding(int code, HttpHeaders headers) {
      try {
        return respond(this, code, headers);
      } catch (RuntimeException | Error e) {
        LOG.error("{}: the link failed to pass a response on", name(), e);
        fail();
        return null;
      }
    }

    @Override
    public void completed(long bytes) {
      guarded(() -> complete(this, bytes));
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
