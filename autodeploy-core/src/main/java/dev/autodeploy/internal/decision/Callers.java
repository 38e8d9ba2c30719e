package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static java.util.Objects.requireNonNull;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.RouteRule;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.Prewarm;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The callers of a deployment, waiting or with a lease: grants the room of instances in the order
 * in which they asked, rejects them, and counts.
 */
final class Callers {
  private final RecentUsage history;
  private StartAhead ahead = StartAhead.NONE;
  private final Rejections rejections;
  private final Outbox outbox;
  private final WaitQueue queue = new WaitQueue();

  private int inFlight;
  private long noDemandSince = NEVER;
  private long requests;
  private long coldStarts;
  private long pendingNanos;
  private @Nullable String lastCaller;

  Callers(RecentUsage history, Rejections rejections, Outbox outbox) {
    this.history = history;
    this.rejections = rejections;
    this.outbox = outbox;
  }

  int waiting() {
    return queue.size();
  }

  /** Returns whether callers wait for an instance that is starting or being woken. */
  boolean need(Instance instance) {
    return (instance.isStarting() || instance.is(InstancePhase.WAKING))
        && (waitingForAny() > 0 || !instance.bound.isEmpty());
  }

  /** Returns the start that is made for a caller who is expected. */
  StartAhead ahead() {
    return ahead;
  }

  int waitingForAny() {
    return queue.sizeForAny();
  }

  /** Returns how many wait for room in which an instance of their own is started. */
  int waitingForOwn() {
    return queue.sizeForOwn();
  }

  /** Puts a caller in the queue that waits for room for an instance of its own. */
  void enqueueForOwn(Waiter waiter) {
    waits(waiter);
    queue.addForOwn(waiter);
  }

  /** Binds the first of those to an instance that is started for it. */
  void bindOwn(Instance own) {
    queue.bindOwn(requireNonNull(queue.firstForOwn(), "firstForOwn"), own);
  }

  long earliestDeadline() {
    return queue.earliestDeadline();
  }

  int inFlight() {
    return inFlight;
  }

  long requests() {
    return requests;
  }

  long coldStarts() {
    return coldStarts;
  }

  long pendingNanos() {
    return pendingNanos;
  }

  /** Counts a request, before anything looks at the state. */
  void arrives(long now, Waiter waiter) {
    waiter.number = ++requests;
    lastCaller = waiter.caller();
    if (noDemandSince != NEVER) {
      history.addGap(now - noDemandSince);
      noDemandSince = NEVER;
    }
    ahead.cancel();
  }

  /** Rejects a request that is no sign of demand: nobody could be served at this time. */
  void refuse(Waiter waiter, AutoDeployException error) {
    waiter.number = ++requests;
    lastCaller = waiter.caller();
    outbox.add(new Effect.Reject(waiter, error));
  }

  /** Puts a caller in the queue, for one instance or for any. */
  void enqueue(Waiter waiter, @Nullable Instance target) {
    waits(waiter);
    queue.add(waiter, target);
  }

  private void waits(Waiter waiter) {
    outbox.schedule(waiter.deadline);
    if (waiter.deadline < queue.earliestDeadline()) {
      outbox.look(); // the turns of others end for whoever would give up first
    }
  }

  /** Removes a caller that no longer waits. One that was answered already is left alone. */
  void cancel(long now, Waiter waiter) {
    if (queue.remove(waiter)) {
      markIdle(now);
    }
  }

  /** Counts a lease of an instance. */
  void take(long now, Instance instance, @Nullable String caller) {
    instance.shares.taken(now, caller);
    inFlight++;
    if (instance.inFlight++ == 0) {
      instance.becomesBusy(now);
    }
  }

  /** Takes a lease back; returns whether it still counted. */
  boolean giveBack(long now, Instance instance, @Nullable String caller) {
    instance.inFlight--;
    if (instance.leasesLost || instance.gone) {
      return false;
    }
    instance.shares.givenBack(now, caller);
    inFlight--;
    if (instance.inFlight == 0) {
      instance.becomesIdle(now);
    }
    return true;
  }

  /** Grants an instance's room to waiting callers, in the order in which they asked. */
  void fill(long now, Instance instance) {
    while (instance.takesMore()) {
      Waiter next = queue.next(instance);
      if (next == null) {
        return;
      }
      queue.remove(next);
      take(now, instance, next.caller());
      Arrival arrival = arrival(next, instance);
      if (arrival == Arrival.STARTED) {
        coldStarts++;
      }
      pendingNanos += now - next.askedAt;
      outbox.add(new Effect.Grant(next, instance, arrival, now - next.askedAt));
    }
  }

  private static Arrival arrival(Waiter waiter, Instance instance) {
    if (waiter.number > instance.requestsAtReady) {
      return Arrival.READY;
    }
    return instance.sleep.wokenAt == NEVER ? Arrival.STARTED : Arrival.WOKEN;
  }

  /** Marks the instance's leases as lost, stops counting them and notifies their holders. */
  void invalidateLeases(Instance instance, InstanceExit exit) {
    inFlight -= instance.inFlight;
    instance.leasesLost = true;
    outbox.add(new Effect.LeasesLost(instance, exit));
  }

  /** Lets the callers bound to an instance have any other, but rejects those that named it. */
  void unbind(long now, Instance instance) {
    for (Waiter waiter : List.copyOf(instance.bound)) {
      if (waiter.route() instanceof RouteRule.Instance) {
        rejectWaiting(now, waiter, rejections.targetNotFound());
      } else {
        queue.unbind(waiter);
      }
    }
  }

  void reject(long now, Waiter waiter, AutoDeployException error) {
    outbox.add(new Effect.Reject(waiter, error));
    markIdle(now);
  }

  /** Rejects a caller if it still waits. */
  void rejectWaiting(long now, Waiter waiter, AutoDeployException error) {
    if (queue.remove(waiter)) {
      reject(now, waiter, error);
    }
  }

  /** Rejects everybody, and expects nobody. */
  void rejectAll(long now, Supplier<AutoDeployException> error) {
    ahead.cancel();
    queue.all().forEach(waiter -> rejectWaiting(now, waiter, error.get()));
  }

  /** Rejects those who wait for room for an instance of their own. */
  void rejectOwn(long now, Supplier<AutoDeployException> error) {
    for (Waiter first = queue.firstForOwn(); first != null; first = queue.firstForOwn()) {
      rejectWaiting(now, first, error.get());
    }
  }

  /** Returns the callers that wait for any instance, in order. */
  List<Waiter> forAny() {
    return queue.forAny();
  }

  /** Returns the callers whose deadline has come. */
  List<Waiter> expired(long now) {
    return queue.expired(now);
  }

  /** Notes since when nobody has wanted anything, if that is so. */
  void markIdle(long now) {
    if (inFlight == 0 && queue.size() == 0 && noDemandSince == NEVER) {
      noDemandSince = now;
    }
  }

  /** Returns the caller whose request causes a start: the newest of those that wait for it. */
  @Nullable String cause(boolean own) {
    Waiter waiter = own ? queue.firstForOwn() : queue.newestForAny();
    return waiter == null ? lastCaller : waiter.caller();
  }

  /** Plans a start for the next caller, counted from when nobody needed an instance any more. */
  void expect(long now, @Nullable Prewarm prewarm) {
    if (ahead == StartAhead.NONE && prewarm != null) { // made for the first plan
      ahead = new StartAhead();
    }
    ahead.plan(now, noDemandSince, prewarm);
  }
}
