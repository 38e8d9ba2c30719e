package dev.autodeploy.proxy.gateway;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.Lease;
import dev.autodeploy.RouteRule;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * The wait of one request for an instance, at first and before each replay: an instance is lent to
 * a request that keeps none, granted at once, or after a place in the queue. It ends with one call
 * of its {@link Listener}. Its steps run on one thread at a time; {@link #cancel} and {@link
 * #giveUpPlace} are called by any.
 */
final class InstanceWait {

  /** Learns how the wait ends. */
  interface Listener {

    /** Runs a step after a wait, so that no failure leaves the request without an end. */
    void step(Runnable step);

    /**
     * There is an instance.
     *
     * @param granted its lease
     * @param borrowed whether the lease does not keep the instance
     */
    void granted(Lease granted, boolean borrowed);

    /** There is none. */
    void refused(LinkResponse response);

    /**
     * The wait was cancelled.
     *
     * @param placeTaken whether another caller has got its place in the queue
     */
    void cancelled(boolean placeTaken);
  }

  private final LinkServices services;
  private final Exchange exchange;
  private final LinkCall call;
  private final ExchangeProgress progress;
  private final Listener listener;
  private final QueuePlace place;

  private volatile boolean cancelled;
  private volatile boolean placeTaken;
  private volatile @Nullable CompletableFuture<Lease> pending;

  InstanceWait(
      LinkServices services,
      Exchange exchange,
      LinkCall call,
      ExchangeProgress progress,
      Listener listener) {
    this.services = services;
    this.exchange = exchange;
    this.call = call;
    this.progress = progress;
    this.listener = listener;
    place = new QueuePlace(services, call, this);
  }

  /** Begins; the last thing that the caller does, as what follows may be the whole exchange. */
  void begin() {
    if (!call.use().keeps() && borrow()) {
      return;
    }
    CompletableFuture<Lease> future =
        call.deployment()
            .acquireAsync(new AcquireRequest(call.rule(), progress.leftToWait(), call.payer()));
    pending = future;
    if (cancelled) {
      future.cancel(false); // the client left in between
    }
    if (future.isDone()) {
      ended(future);
      return;
    }
    if (!place.take()) {
      if (future.cancel(false)) {
        refuse(Problems.heldFull(name(), services.pendingLimit().limit()));
      } else {
        ended(future); // the lease came in between, and somebody has to give it back
      }
      return;
    }
    exchange.whenDone(future, () -> listener.step(() -> ended(future)));
  }

  /** Takes an instance that it does not keep, if one is ready; returns false to wait for one. */
  private boolean borrow() {
    RouteRule rule = call.rule();
    Lease lent = call.deployment().borrow(rule).orElse(null);
    if (lent != null) {
      listener.granted(lent, true);
      return true;
    }
    if (call.use().wakes()) {
      return false;
    }
    boolean named = rule instanceof RouteRule.Instance;
    if (named && call.deployment().status().count(InstancePhase.READY) > 0) {
      refuse(Problems.namedInstanceNotReady(name()));
    } else {
      refuseAsleep();
    }
    return true;
  }

  private void ended(CompletableFuture<Lease> future) {
    place.leave();
    pending = null;
    Lease granted;
    try {
      granted = future.join();
    } catch (CancellationException e) {
      listener.cancelled(placeTaken);
      return;
    } catch (CompletionException e) {
      failed(e.getCause() == null ? e : e.getCause());
      return;
    }
    listener.granted(granted, false);
  }

  private void failed(Throwable cause) {
    if (place.makesRoomAfter(cause)) {
      begin();
    } else if (call.rule() instanceof RouteRule.Running
        && cause instanceof AutoDeployException refusal
        && refusal.code() == ErrorCode.ROUTE_TARGET_NOT_FOUND) {
      refuseAsleep();
    } else {
      refuse(Problems.of(cause, name()));
    }
  }

  private void refuse(Problem problem) {
    listener.refused(LinkResponse.of(problem));
  }

  private void refuseAsleep() {
    int refusal = call.use().refusal();
    listener.refused(
        refusal == 503
            ? LinkResponse.of(Problems.asleep(name()))
            : LinkResponse.withoutBody(refusal, new HttpHeaders()));
  }

  private String name() {
    return call.deployment().name();
  }

  /** Ends the wait, and every further one, unless its end is on the way. Called by any thread. */
  void cancel() {
    cancelled = true;
    CompletableFuture<Lease> waits = pending;
    if (waits != null) {
      waits.cancel(false);
    }
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

  /** Leaves the queue, wherever the request was. */
  void leave() {
    place.leave();
  }
}
