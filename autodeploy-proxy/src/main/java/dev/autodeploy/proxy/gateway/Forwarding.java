package dev.autodeploy.proxy.gateway;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AcquireTimeoutException;
import dev.autodeploy.Deployment;
import dev.autodeploy.Lease;
import dev.autodeploy.RouteRule;
import dev.autodeploy.spi.InstanceExit;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A proxied request, from the wait for a lease to the end of the response. It runs on one thread at
 * a time; {@link #watch} and {@link #shutDown} come from other threads.
 */
final class Forwarding implements Client {
  private static final Logger LOG = LoggerFactory.getLogger(Forwarding.class);
  private static final int MAX_REPLAYS = 2;
  private static final long GRACE_NANOS = 1_000_000_000;
  private static final long EXIT_NOTICE_MILLIS = 100;
  private static final int BUFFER = 32 * 1024;

  /** Not reading from the instance. */
  private static final long NOT_READING = Long.MAX_VALUE;

  /** No instance yet. */
  private static final CountDownLatch NEVER = new CountDownLatch(1);

  private enum Phase {
    HELD,
    WAITING,
    RESPONDING,
    DONE
  }

  /** Why the exchange was aborted from outside. */
  private enum AbortReason {
    CLIENT_GONE,
    HOLD_OVERDUE,
    RESPONSE_TIMEOUT,
    CLIENT_STALLED,
    SHUTDOWN
  }

  private final LinkServices services;
  private final Exchange exchange;
  private final RequestHead head;
  private final Route route;
  private final Deployment deployment;
  private final RouteRule rule;
  private final ClientBody body;
  private final long startedNanos = System.nanoTime();
  private final long waitNanos;
  private final long responseNanos;
  private final @Nullable String preferenceApplied;
  private final AccessLog.Line log;

  private volatile int replays;
  private boolean permitHeld;
  private @Nullable Lease lease;

  private volatile Phase phase = Phase.HELD;
  private volatile long phaseSince = startedNanos;

  /** Start of the current read from the instance, or {@link #NOT_READING}. */
  private volatile long readingSince = NOT_READING;

  private volatile @Nullable CompletableFuture<Lease> pending;
  private volatile Upstream.@Nullable Call call;
  private volatile @Nullable AbortReason aborted;
  private volatile @Nullable InstanceExit lost;
  private CountDownLatch ended = NEVER;

  Forwarding(
      LinkServices services,
      Exchange exchange,
      LinkCall call,
      WaitPreference wait,
      AccessLog.Line log) {
    this.services = services;
    this.exchange = exchange;
    this.head = exchange.request();
    this.route = call.route();
    this.deployment = call.deployment();
    this.rule = call.rule();
    this.body =
        new ClientBody(exchange.requestBody(), services.config().maxRequestBody(), this::progress);
    this.waitNanos = wait.time().toNanos();
    this.responseNanos = services.config().responseTimeout().toNanos();
    this.preferenceApplied = wait.applied();
    this.log = log;
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

  /** Begins; the last thing that the caller does. */
  void start() {
    services.active().add(this);
    // The drain looks at the active requests after it has begun: one of the two sees the other.
    guarded(
        services.connections().draining()
            ? () -> end(Problems.shuttingDown(deployment.name()))
            : this::acquire);
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

  private void acquire() {
    long left = Math.max(1_000_000, waitNanos - (System.nanoTime() - startedNanos));
    enter(Phase.HELD);
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
    if (!services.pendingLimit().tryAcquire()) {
      if (future.cancel(false)) {
        end(Problems.heldFull(deployment.name(), services.pendingLimit().limit()));
      } else {
        acquired(future); // the lease came in between, and somebody has to give it back
      }
      return;
    }
    permitHeld = true;
    exchange.whenDone(future, () -> guarded(() -> acquired(future)));
  }

  private void acquired(CompletableFuture<Lease> future) {
    if (permitHeld) {
      permitHeld = false;
      services.pendingLimit().release();
    }
    pending = null;
    try {
      lease = future.join();
    } catch (CancellationException e) {
      endCancelled();
      return;
    } catch (CompletionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      end(Problems.of(cause, deployment.name()));
      return;
    }
    forward(lease);
  }

  private void endCancelled() {
    if (aborted == AbortReason.SHUTDOWN) {
      end(Problems.shuttingDown(deployment.name()));
    } else if (aborted == AbortReason.HOLD_OVERDUE) {
      end(
          Problems.of(
              new AcquireTimeoutException(
                  deployment.name(), Duration.ofNanos(waitNanos), "the engine gave no answer"),
              deployment.name()));
    } else {
      abandon();
    }
  }

  private void forward(Lease granted) {
    enter(Phase.WAITING);
    log.granted(granted);
    Upstream.Call sent;
    try {
      sent = services.upstreams().of(granted).prepare(upstreamRequest());
    } catch (Upstream.TargetException e) {
      end(Problems.targetNotForwardable(deployment.name()));
      return;
    }
    int attempt = replays;
    CountDownLatch signal = new CountDownLatch(1);
    ended = signal;
    lost = null;
    call = sent;
    granted
        .lost()
        .whenComplete(
            (exit, error) -> {
              if (exit != null && replays == attempt) {
                lost = exit;
                signal.countDown();
                sent.cancel();
              }
            });
    if (aborted != null) {
      sent.cancel(); // what broke it may have missed the call
    }
    Upstream.Response response;
    try {
      response = sent.execute();
    } catch (IOException e) {
      unanswered(granted, e, attempt);
      return;
    }
    try (response) {
      respond(granted, response);
    }
  }

  private Upstream.Request upstreamRequest() {
    return new Upstream.Request(
        head.method(),
        route.target(),
        services.headers().toInstance(head, route, services.config().keepAuthorization()),
        head.bodyLength(),
        body);
  }

  /** The instance gave no response. */
  private void unanswered(Lease granted, IOException error, int attempt) {
    String name = deployment.name();
    String instance = granted.instanceId();
    if (aborted == AbortReason.CLIENT_GONE || aborted == AbortReason.CLIENT_STALLED) {
      abandon();
    } else if (aborted == AbortReason.RESPONSE_TIMEOUT) {
      end(Problems.responseTimeout(name, instance, services.config().responseTimeout()));
    } else if (aborted == AbortReason.SHUTDOWN) {
      end(Problems.shuttingDown(name));
    } else if (body.tooLarge()) {
      end(Problems.bodyTooLarge(name, services.config().maxRequestBody()));
    } else if (body.failure() != null) {
      end(Problems.requestBodyBroken(name));
    } else if (head.idempotent() && !body.readStarted() && attempt < MAX_REPLAYS) {
      if (attempt > 0) {
        instanceEnded(); // so that the engine knows it too, and chooses another one
      }
      replays = attempt + 1;
      LOG.debug("{}: instance {} gave no answer, trying again", name, instance, error);
      call = null;
      lease = null;
      granted.close();
      acquire();
    } else {
      InstanceExit exit = instanceEnded() ? lost : null;
      end(
          exit != null
              ? Problems.instanceEnded(name, instance, exit)
              : error instanceof ConnectException || error instanceof SocketTimeoutException
                  ? Problems.instanceUnreachable(name, instance, "it refuses connections")
                  : Problems.instanceBroke(
                      name, instance, "it closed the connection, or its answer is not HTTP"));
    }
  }

  private void respond(Lease granted, Upstream.Response response) {
    HttpHeaders fields =
        response.status() > 999 ? null : HeaderRules.toClient(response.headers(), route);
    if (fields == null) {
      end(
          Problems.instanceBroke(
              deployment.name(), granted.instanceId(), "its answer is not well-formed"));
      return;
    }
    tell(fields, granted);
    boolean withoutBody =
        head.method().equals("HEAD") || response.status() == 304 || response.status() == 204;
    String declared = response.headers().first("Content-Length");
    if (withoutBody
        && declared != null
        && response.status() != 204
        && response.headers().first("Transfer-Encoding") == null) {
      fields.set("Content-Length", declared);
    }
    enter(Phase.RESPONDING);
    OutputStream out;
    try {
      out = exchange.respond(response.status(), fields, withoutBody ? 0 : response.bodyLength());
    } catch (IOException e) {
      cancelUpstream();
      log.clientGone();
      finish(response.status(), 0, exchange::abort);
      return;
    }
    if (withoutBody) {
      finish(response.status(), 0, exchange::complete);
      return;
    }
    copy(response, out);
  }

  private void tell(HttpHeaders fields, Lease granted) {
    fields.set("AutoDeploy-Instance", granted.instanceId());
    fields.set("AutoDeploy-Cold-Start", Boolean.toString(granted.coldStart()));
    fields.set("AutoDeploy-Waited-Ms", Long.toString(granted.waited().toMillis()));
    if (head.headers().first(Route.RULE) != null) {
      fields.set(Route.TARGET, granted.instanceId());
    }
    if (preferenceApplied != null) {
      fields.add("Preference-Applied", preferenceApplied);
    }
    if (services.connections().closesConnection(head)) {
      fields.set("Connection", "close");
    }
  }

  private void copy(Upstream.Response response, OutputStream out) {
    long length = response.bodyLength();
    long count = 0;
    byte[] buffer = new byte[length >= 0 && length < BUFFER ? Math.max(1, (int) length) : BUFFER];
    InputStream in = response.body();
    try {
      if (length != 0 && in.available() == 0) {
        out.flush(); // the head, as the body may be a while
      }
    } catch (IOException e) {
      clientLeft(response, count);
      return;
    }
    while (true) {
      int n;
      boolean pauses;
      try {
        readingSince = System.nanoTime();
        n = in.read(buffer);
        readingSince = NOT_READING;
        pauses = n >= 0 && count + n != length && in.available() == 0;
      } catch (IOException e) {
        truncate(response, count, e);
        return;
      }
      if (n < 0) {
        break;
      }
      try {
        out.write(buffer, 0, n);
        if (pauses) {
          out.flush();
        }
      } catch (IOException e) {
        clientLeft(response, count);
        return;
      }
      count += n;
    }
    if (response.endsWithConnection() && (instanceEnded() || aborted != null)) {
      truncate(response, count, new IOException("the instance ended"));
      return;
    }
    try {
      out.close();
    } catch (IOException e) {
      clientLeft(response, count);
      return;
    }
    finish(response.status(), count, exchange::complete);
  }

  /**
   * Returns whether the instance is gone. The connection's end may be noticed a moment before that
   * of the instance, so this waits that moment. Only where a connection has ended unexpectedly.
   */
  private boolean instanceEnded() {
    try {
      return ended.await(EXIT_NOTICE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      return true;
    }
  }

  private void truncate(Upstream.Response response, long count, IOException error) {
    cancelUpstream();
    log.truncated();
    if (aborted == AbortReason.RESPONSE_TIMEOUT) {
      LOG.warn(
          "{}: the answer was cut off after {} bytes, as its instance was silent for {} ms"
              + " (responseTimeout)",
          deployment.name(),
          count,
          services.config().responseTimeout().toMillis());
    } else {
      LOG.debug("{}: the answer broke off after {} bytes", deployment.name(), count, error);
    }
    finish(response.status(), count, exchange::abort);
  }

  private void clientLeft(Upstream.Response response, long count) {
    cancelUpstream();
    log.clientGone();
    finish(response.status(), count, exchange::abort);
  }

  private void cancelUpstream() {
    Upstream.Call sent = call;
    if (sent != null) {
      sent.cancel();
    }
  }

  private void abandon() {
    log.clientGone();
    finish(499, 0, exchange::abandon);
  }

  private void end(Problem problem) {
    HttpHeaders more = new HttpHeaders();
    Lease granted = lease;
    if (granted != null) {
      more.set("AutoDeploy-Instance", granted.instanceId());
      if (head.headers().first(Route.RULE) != null) {
        more.set(Route.TARGET, granted.instanceId());
      }
    }
    finish(
        problem.status(),
        0,
        () -> services.responder().send(exchange, LinkResponse.of(problem, more)));
  }

  /** Ends the exchange; whatever happens, the lease and all permits are given back. */
  private void finish(int status, long bytes, Runnable last) {
    enter(Phase.DONE);
    try {
      last.run();
    } finally {
      call = null;
      Lease granted = lease;
      lease = null;
      if (granted != null) {
        granted.close();
      }
      services.active().remove(this);
      log.end(status, bytes);
    }
  }

  /** Ends the exchange after an error in the link itself. */
  private void fail() {
    cancelUpstream();
    if (permitHeld) {
      permitHeld = false;
      services.pendingLimit().release();
    }
    switch (phase) {
      case DONE -> exchange.abort();
      case RESPONDING -> finish(500, 0, exchange::abort);
      default -> end(Problems.internal(deployment.name()));
    }
  }

  /** The time for the response runs from the last byte of the request. */
  private void progress() {
    phaseSince = System.nanoTime();
  }

  private void enter(Phase next) {
    phaseSince = System.nanoTime();
    phase = next;
  }

  /** Checks the limits that need no exact time. */
  void watch(long nowNanos) {
    if (phase == Phase.HELD && nowNanos - startedNanos > waitNanos + GRACE_NANOS) {
      abort(
          AbortReason
              .HOLD_OVERDUE); // the engine keeps the deadline; this one is for when it does not
    } else if (phase == Phase.WAITING && nowNanos - phaseSince > responseNanos) {
      abort(AbortReason.RESPONSE_TIMEOUT);
    } else if (phase == Phase.RESPONDING) {
      long reading = readingSince;
      if (reading != NOT_READING && nowNanos - reading > responseNanos) {
        abort(AbortReason.RESPONSE_TIMEOUT); // an instance that hangs would never be released
      }
    }
  }

  /** Returns for how long the exchange has been under way. */
  long ageNanos(long nowNanos) {
    return nowNanos - startedNanos;
  }

  /** Gives everything up because the client has left. */
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

  /** Breaks the exchange, whatever it is at. */
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
    cancelUpstream();
  }
}
