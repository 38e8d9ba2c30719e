package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.DRAINING;
import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.InstancePhase.RELEASING;
import static dev.autodeploy.InstancePhase.STARTING;
import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.DeploymentState;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.RouteRule;
import dev.autodeploy.StartFailure;
import dev.autodeploy.StartReason;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.ProviderInstance;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Decides everything about one deployment: when an instance starts and is released, who waits, who
 * gets which instance. Plain code: no I/O, no thread, no lock and no clock. Events come in with
 * their time, in nanoseconds of a time line that never goes back; what is to be done about them
 * goes out as {@link Effect}s, in order. Not thread-safe: the shell calls it under its lock.
 *
 * <p>"Is it idle" and "release it" are one decision here, and a request counts before anything
 * looks at the state: that is what makes the engine free of the races that idle timeouts invite.
 */
public final class DeploymentMachine {
  /**
   * How long to wait before a failed release is tried again: doubling from the first to the last.
   */
  private static final Duration FIRST_RELEASE_RETRY = Duration.ofSeconds(1);

  private static final Duration LAST_RELEASE_RETRY = Duration.ofSeconds(30);

  /** The last while somebody waits, who may be waiting for the place of what is not yet gone. */
  private static final Duration LAST_WANTED_RELEASE_RETRY = Duration.ofSeconds(2);

  /** How long a busy instance is left alone at least; or a timeout of zero would spin. */
  private static final Duration BUSY_RECHECK = Duration.ofSeconds(1);

  private enum Lifecycle {
    OPEN,
    REMOVED,
    CLOSED
  }

  private final String name;
  private final RecentUsage history;
  private final RandomGenerator random;
  private final Supplier<String> instanceIds;
  private final IdleDeadlines idleTimeouts;
  private final Rejections refusals;
  private final Instances roster = new Instances();
  private final WaitQueue queue = new WaitQueue();
  private final StartBackoff backoff = new StartBackoff();
  private final Queue<Effect> effects = new ArrayDeque<>(1);

  private DeploymentSpec spec;
  private String fingerprint;
  private Lifecycle lifecycle = Lifecycle.OPEN;
  private boolean terminated;
  private DeploymentState told = DeploymentState.STANDBY;
  private long timerAt = NEVER;
  private boolean timerFailed;

  private int inFlight;
  private long quietSince = NEVER;
  private int roundRobin;

  private long minimumHeldUntil = Long.MIN_VALUE;

  private long requests;
  private long coldStarts;
  private long pendingNanos;
  private long starts;
  private long startFailures;

  public DeploymentMachine(
      DeploymentSpec spec,
      String fingerprint,
      IdlePolicy enginePolicy,
      RandomGenerator random,
      Supplier<String> instanceIds) {
    this.name = spec.name();
    this.spec = spec;
    this.fingerprint = fingerprint;
    this.random = random;
    this.instanceIds = instanceIds;
    this.history = new RecentUsage(name);
    this.refusals = new Rejections(name);
    this.idleTimeouts = new IdleDeadlines(enginePolicy, history);
  }

  // What the shell looks at.

  /** What is to be done, oldest first; the shell takes it from here. */
  public Queue<Effect> effects() {
    return effects;
  }

  public DeploymentSpec spec() {
    return spec;
  }

  String fingerprint() {
    return fingerprint;
  }

  /** The instances that exist, oldest first. */
  public List<Instance> instances() {
    return roster.all();
  }

  /** Returns whether there is anything that {@link #upkeep} may be needed for. */
  public boolean isBusy() {
    return !roster.isEmpty() || timerFailed;
  }

  public boolean isRemoved() {
    return lifecycle == Lifecycle.REMOVED;
  }

  public int pending() {
    return queue.size();
  }

  public int inFlight() {
    return inFlight;
  }

  public long requests() {
    return requests;
  }

  public long coldStarts() {
    return coldStarts;
  }

  public long pendingNanos() {
    return pendingNanos;
  }

  public long starts() {
    return starts;
  }

  public long startFailures() {
    return startFailures;
  }

  public @Nullable StartFailure lastFailure() {
    return backoff.lastFailure();
  }

  public long backoffUntil() {
    return backoff.until();
  }

  /** Returns whether what an earlier process has left can be taken over. */
  public boolean fits(ProviderInstance found) {
    return found.exit() == null
        && found.fingerprint().equals(fingerprint)
        && !roster.isTaken(found.slot())
        && roster.size() < spec.maxInstances();
  }

  public @Nullable Instance find(String instanceId) {
    return roster.find(instanceId);
  }

  public DeploymentState state() {
    return roster.state();
  }

  /** Returns when the idle policy would release an instance, or {@link Instance#NEVER}. */
  public long releaseAt(Instance instance) {
    return instance.phase == READY && instance.inFlight == 0 && mayShrink()
        ? instance.idleDue()
        : NEVER;
  }

  // Callers.

  /**
   * A caller asks for a lease.
   *
   * @return the instance, whose lease is counted, if one is ready at once; else the caller waits or
   *     is refused by an effect
   */
  public @Nullable Instance acquire(long now, Waiter waiter) {
    waiter.number = ++requests;
    if (quietSince != NEVER) {
      history.addGap(now - quietSince);
      quietSince = NEVER;
    }
    if (lifecycle != Lifecycle.OPEN) {
      reject(now, waiter, notOpen());
      return null;
    }
    RouteRule rule = waiter.route;
    if (rule instanceof RouteRule.Default) {
      return acquireAny(now, waiter);
    }
    if (rule instanceof RouteRule.ScaleOut) {
      scaleOut(now, waiter);
      return null;
    }
    return acquireTarget(now, waiter, target(rule));
  }

  private @Nullable Instance acquireAny(long now, Waiter waiter) {
    if (queue.sizeForAny() == 0) {
      Instance free = roster.leastLoaded();
      if (free != null) {
        take(now, free);
        return free;
      }
    }
    if (backoff.holds(now) && roster.alive() == 0) {
      reject(now, waiter, startFailed(now));
      return null;
    }
    if (enqueue(now, waiter, null)) {
      ensureCapacity(now);
    }
    return null;
  }

  private void scaleOut(long now, Waiter waiter) {
    if (roster.size() >= spec.maxInstances()) {
      reject(now, waiter, refusals.quotaExceeded(roster.size()));
    } else if (backoff.holds(now)) {
      reject(now, waiter, startFailed(now));
    } else if (queue.size() >= spec.maxPending()) {
      reject(now, waiter, refusals.queueFull(spec));
    } else {
      enqueue(now, waiter, start(now, StartReason.SCALE_OUT));
    }
  }

  private @Nullable Instance target(RouteRule rule) {
    if (rule instanceof RouteRule.Instance named) {
      Instance instance = find(named.instanceId());
      return instance != null && (instance.phase == READY || instance.phase == STARTING)
          ? instance
          : null;
    }
    List<Instance> choice = roster.readyBestWithRoom();
    if (choice.isEmpty()) {
      return null;
    }
    return rule instanceof RouteRule.Random
        ? choice.get(random.nextInt(choice.size()))
        : choice.get(Math.floorMod(roundRobin++, choice.size()));
  }

  private @Nullable Instance acquireTarget(long now, Waiter waiter, @Nullable Instance target) {
    if (target == null) {
      reject(now, waiter, refusals.targetNotFound());
      return null;
    }
    if (target.hasRoom() && target.bound.isEmpty()) {
      take(now, target);
      return target;
    }
    enqueue(now, waiter, target);
    return null;
  }

  /** A caller gives up. One that was answered already is left alone. */
  public void cancel(long now, Waiter waiter) {
    if (queue.remove(waiter)) {
      noteQuiet(now);
    }
  }

  /** A lease is closed. */
  public void leaseClosed(long now, Instance instance) {
    instance.inFlight--;
    if (instance.leasesLost || instance.gone) {
      return; // not counted any more
    }
    inFlight--;
    if (instance.inFlight == 0) {
      instance.busyNanos += now - instance.busySince;
      instance.busySince = NEVER;
      instance.idleSince = now;
    }
    if (instance.phase == DRAINING) {
      if (instance.inFlight == 0) {
        drained(now, instance);
      }
    } else {
      fill(now, instance);
      if (instance.inFlight == 0) {
        becameIdle(instance);
      }
    }
    noteQuiet(now);
  }

  // Instances.

  /** The provider says that an instance is up and its probe that it is ready. */
  public void ready(long now, Instance instance, URI endpoint) {
    if (instance.phase != STARTING || instance.gone) {
      return;
    }
    long startNanos = now - instance.startRequestedAt;
    instance.phase = READY;
    instance.requestsAtReady = requests;
    if (instance.readyAt == NEVER) {
      instance.readyAt = now;
    }
    if (instance.idleSince == NEVER) {
      instance.idleSince = now;
    }
    backoff.reset();
    if (instance.startReason != StartReason.ADOPTED) {
      history.addStart(startNanos);
    }
    tell(
        at ->
            new DeploymentEvent.InstanceReady(
                at, name, instance.id, endpoint, Duration.ofNanos(startNanos)));
    statusMayHaveChanged();
    fill(now, instance);
    if (instance.inFlight == 0) {
      becameIdle(instance);
    }
    ensureCapacity(now);
    rearm(now);
  }

  /** The provider could not start an instance. */
  public void startFailed(
      long now, Instance instance, String message, @Nullable InstanceExit exit) {
    if (instance.phase == STARTING && !instance.gone) {
      failStart(now, instance, StartFailure.Kind.PROVIDER, message, exit);
    }
  }

  /** An instance has ended by itself. */
  public void exited(long now, Instance instance, InstanceExit exit) {
    if (instance.gone || instance.phase == RELEASING) {
      return;
    }
    if (instance.phase == STARTING) {
      failStart(
          now,
          instance,
          StartFailure.Kind.EXITED,
          "the instance " + exit.describe() + " before it was ready",
          exit);
      return;
    }
    int leases = instance.inFlight;
    tell(at -> new DeploymentEvent.InstanceExited(at, name, instance.id, exit, leases));
    lose(instance, exit);
    beginRelease(now, instance, ReleaseReason.EXITED, spec.releaseGrace());
    unbind(now, instance);
    // A floor under restarts that nobody waits for: a crash loop must not spin.
    minimumHeldUntil = now + spec.startBackoff().toNanos();
    noteQuiet(now);
    ensureCapacity(now);
    rearm(now);
  }

  /** A release is verified: the instance is gone. */
  public void released(long now, Instance instance) {
    if (instance.gone) {
      return;
    }
    instance.gone = true;
    roster.remove(instance);
    effects.add(new Effect.Gone(instance, now));
    statusMayHaveChanged();
    ensureCapacity(now);
    terminateIfEmpty();
    rearm(now);
  }

  /** A release could not be confirmed; it is tried again. */
  public void releaseFailed(long now, Instance instance, String message) {
    if (instance.gone || instance.releaseRetryAt != NEVER) {
      return;
    }
    Duration last = queue.size() > 0 ? LAST_WANTED_RELEASE_RETRY : LAST_RELEASE_RETRY;
    long wait = StartBackoff.doubled(FIRST_RELEASE_RETRY, last, instance.releaseAttempts).toNanos();
    instance.releaseRetryAt = now + wait;
    int attempts = instance.releaseAttempts;
    tell(
        at ->
            new DeploymentEvent.InstanceReleaseFailed(
                at, name, instance.id, message, attempts, Duration.ofNanos(wait)));
    schedule(instance.releaseRetryAt);
  }

  /**
   * An instance has been left to the next engine.
   *
   * @return whether it is: not if it ended before it could be left
   */
  public boolean left(long now, Instance instance) {
    if (instance.gone || instance.phase == RELEASING) {
      return false;
    }
    instance.gone = true;
    roster.remove(instance);
    terminateIfEmpty();
    rearm(now);
    return true;
  }

  /** An instance of an earlier process is taken over; it still has to prove that it is ready. */
  public void adopt(long now, Instance instance) {
    roster.add(instance);
    instance.startDeadline = now + spec.startTimeout().toNanos();
    effects.add(new Effect.Probe(instance));
    tell(at -> new DeploymentEvent.InstanceStarting(at, name, instance.id, instance.startReason));
    statusMayHaveChanged();
    rearm(now);
  }

  /**
   * An instance that nobody here asked for is released.
   *
   * @return whether it is: not by a deployment of which nothing is left any more
   */
  public boolean reap(long now, Instance instance) {
    if (terminated) {
      return false;
    }
    roster.add(instance);
    beginRelease(now, instance, ReleaseReason.ORPHANED, spec.releaseGrace());
    rearm(now);
    return true;
  }

  /** Keeps an instance with a single open lease from serving anything else, or lets it again. */
  public boolean reserve(long now, Instance instance, boolean reserved) {
    if (reserved && (instance.phase != READY || instance.inFlight != 1 || instance.reserved)) {
      return false;
    }
    instance.reserved = reserved;
    fill(now, instance);
    return true;
  }

  // The host application and time.

  /** Starts what the minimum asks for; called once after the machine was made and adopted to. */
  public void open(long now) {
    ensureCapacity(now);
    rearm(now);
  }

  /**
   * A deployment that was removed is made again before its last instance is gone.
   *
   * @return whether it is: not once nothing is left of it
   */
  public boolean reopen(long now, DeploymentSpec newSpec, String newFingerprint) {
    if (lifecycle != Lifecycle.REMOVED || terminated) {
      return false;
    }
    lifecycle = Lifecycle.OPEN;
    update(now, newSpec, newFingerprint);
    return true;
  }

  /** The specification is replaced. */
  public void update(long now, DeploymentSpec newSpec, String newFingerprint) {
    boolean replaced = !newFingerprint.equals(fingerprint);
    spec = newSpec;
    fingerprint = newFingerprint;
    backoff.reset();
    tell(at -> new DeploymentEvent.Updated(at, name));
    List<Instance> current = List.copyOf(roster.all());
    if (replaced) {
      current.forEach(instance -> drain(now, instance, ReleaseReason.UPDATED));
    } else {
      shrinkToMaximum(now);
      for (Instance instance : current) {
        instance.spec = newSpec;
        fill(now, instance);
        if (instance.phase == READY && instance.inFlight == 0) {
          becameIdle(instance);
        }
      }
    }
    ensureCapacity(now);
    rearm(now);
  }

  /** Lets go what is beyond the maximum, which may have been lowered. */
  private void shrinkToMaximum(long now) {
    int excess = roster.alive() - spec.maxInstances();
    int crowd = roster.size() - spec.maxInstances();
    for (Instance instance : roster.inOrderOfGivingWay()) {
      // What is starting also gives way to what still drains: both count, as for a new start.
      if (crowd > 0 && (instance.phase == STARTING || excess > 0)) {
        drain(now, instance, ReleaseReason.UPDATED);
        excess--;
        crowd--;
      }
    }
  }

  /**
   * Releases the ready instances when nothing is in flight on them.
   *
   * @return the instances concerned
   */
  public List<Instance> release(long now) {
    List<Instance> concerned = new ArrayList<>();
    for (Instance instance : List.copyOf(roster.all())) {
      boolean needed =
          instance.phase == STARTING && (queue.sizeForAny() > 0 || !instance.bound.isEmpty());
      if (!needed) {
        drain(now, instance, ReleaseReason.REQUESTED);
        concerned.add(instance);
      }
    }
    ensureCapacity(now);
    rearm(now);
    return concerned;
  }

  /**
   * Releases all instances at once.
   *
   * @return the instances concerned
   */
  public List<Instance> releaseNow(long now) {
    List<Instance> concerned = List.copyOf(roster.all());
    rejectAll(now, refusals::released);
    concerned.forEach(instance -> force(now, instance, ReleaseReason.REQUESTED));
    ensureCapacity(now);
    rearm(now);
    return concerned;
  }

  /** The deployment is removed: nothing new is taken, what is open may finish. */
  public void remove(long now) {
    if (lifecycle == Lifecycle.OPEN) {
      lifecycle = Lifecycle.REMOVED;
      rejectAll(now, this::notOpen);
      List.copyOf(roster.all()).forEach(i -> drain(now, i, ReleaseReason.REMOVED));
      terminateIfEmpty();
      rearm(now);
    }
  }

  /** The engine is closed: as if removed, but with a deadline, or leaving what is ready. */
  public void close(long now, long drainDeadline, boolean keepInstances) {
    lifecycle = Lifecycle.CLOSED;
    rejectAll(now, this::notOpen);
    for (Instance instance : List.copyOf(roster.all())) {
      instance.drainDeadline = drainDeadline;
      instance.detaching = keepInstances && instance.phase == READY;
      drain(now, instance, ReleaseReason.CLOSED);
      if (instance.releaseRetryAt != NEVER) {
        instance.releaseRetryAt = NEVER; // when its turn comes could be too late for the close
        release(instance, spec.releaseGrace());
      }
    }
    terminateIfEmpty();
    rearm(now);
  }

  /** The time of the last {@link Effect.SetTimer} has come. Called too early, it does no harm. */
  public void timer(long now) {
    timerAt = NEVER;
    timerFailed = false;
    for (Waiter waiter : queue.expired(now)) {
      dequeueAndReject(now, waiter, refusals.timedOut(now, waiter, roster, spec, inFlight));
    }
    for (Instance instance : List.copyOf(roster.all())) {
      switch (instance.phase) {
        case STARTING -> {
          if (instance.startDeadline <= now) {
            failStart(now, instance, StartFailure.Kind.TIMEOUT, timeoutMessage(instance), null);
          }
        }
        case READY -> {
          if (instance.inFlight == 0 && instance.idleDue() <= now && mayShrink()) {
            beginRelease(now, instance, ReleaseReason.IDLE, spec.releaseGrace());
          }
        }
        case DRAINING -> {
          if (instance.drainDeadline <= now) {
            cutShort(now, instance);
          }
        }
        case RELEASING -> {
          if (instance.releaseRetryAt <= now) {
            instance.releaseRetryAt = NEVER;
            release(instance, spec.releaseGrace());
          }
        }
      }
    }
    noteQuiet(now);
    ensureCapacity(now);
    rearm(now);
  }

  /** The timer could not be set: the upkeep looks at everything that is due. */
  public void timerFailed() {
    timerAt = NEVER;
    timerFailed = true;
  }

  /** Does what a timer that could not be set would have done: no other decision may follow. */
  public void upkeep(long now) {
    if (timerFailed) {
      timer(now);
    }
  }

  // Decisions.

  /** Starts what waiting callers and the minimum need, within the maximum. */
  private void ensureCapacity(long now) {
    if (queue.sizeForAny() > 0) {
      // Somebody whose instance is lost may have come to wait although another one has room.
      List.copyOf(roster.all()).forEach(instance -> fill(now, instance));
    }
    if (lifecycle != Lifecycle.OPEN || (queue.sizeForAny() == 0 && spec.minInstances() == 0)) {
      return;
    }
    int ready = roster.count(READY);
    int starting = roster.count(STARTING);
    int room = spec.maxInstances() - roster.size();
    int minimum = now < minimumHeldUntil ? 0 : spec.minInstances() - ready - starting;
    int demand = demand(ready, starting);
    int wanted = Math.min(room, Math.max(minimum, demand));
    if (wanted <= 0) {
      return;
    }
    if (backoff.holds(now)) {
      schedule(backoff.until());
      return;
    }
    StartReason forCallers = ready == 0 ? StartReason.REQUEST : StartReason.DEMAND;
    for (int i = 0; i < wanted; i++) {
      start(now, i < demand ? forCallers : StartReason.MINIMUM);
    }
  }

  /**
   * Returns how many more instances the waiting callers need. A wake starts exactly one, however
   * many wait: how much one instance takes is known only when it is there. After that each start
   * answers for as many callers as it has room for.
   */
  private int demand(int ready, int starting) {
    if (queue.sizeForAny() == 0) {
      return 0;
    }
    if (ready == 0) {
      return starting == 0 ? 1 : 0;
    }
    long uncovered = queue.sizeForAny() - roster.roomToCome();
    return (int) Math.max(0, (uncovered + spec.concurrency() - 1) / spec.concurrency());
  }

  private Instance start(long now, StartReason reason) {
    Instance instance =
        new Instance(
            instanceIds.get(),
            roster.freeSlot(),
            reason,
            spec,
            fingerprint,
            spec.gpu(),
            now,
            now + spec.startTimeout().toNanos());
    roster.add(instance);
    starts++;
    effects.add(new Effect.Start(instance));
    tell(at -> new DeploymentEvent.InstanceStarting(at, name, instance.id, reason));
    statusMayHaveChanged();
    schedule(instance.startDeadline);
    return instance;
  }

  private void failStart(
      long now,
      Instance instance,
      StartFailure.Kind kind,
      String message,
      @Nullable InstanceExit exit) {
    if (instance.startReason == StartReason.ADOPTED) {
      giveUpAdoption(now, instance);
      return;
    }
    startFailures++;
    StartFailure failure =
        new StartFailure(
            instance.id,
            kind,
            message,
            exit,
            Duration.ofNanos(now - instance.startRequestedAt),
            backoff.nextAttempt());
    Duration wait = backoff.failed(now, failure, spec.startBackoff(), spec.maxStartBackoff());
    tell(at -> new DeploymentEvent.InstanceStartFailed(at, name, instance.id, failure, wait));
    beginRelease(now, instance, ReleaseReason.START_FAILED, spec.releaseGrace());
    List<Waiter> answered = new ArrayList<>(instance.bound);
    if (roster.alive() == 0) {
      answered.addAll(queue.forAny());
    }
    answered.forEach(waiter -> dequeueAndReject(now, waiter, startFailed(now)));
    ensureCapacity(now);
    rearm(now);
  }

  /** What an earlier process left does not answer any more; that says nothing of the next start. */
  private void giveUpAdoption(long now, Instance instance) {
    beginRelease(now, instance, ReleaseReason.ORPHANED, spec.releaseGrace());
    unbind(now, instance);
    ensureCapacity(now);
    rearm(now);
  }

  private String timeoutMessage(Instance instance) {
    String last = instance.lastProbeError;
    return "the instance was not ready within "
        + instance.spec.startTimeout().toMillis()
        + " ms (startTimeout)"
        + (last == null ? "" : "; the last probe said: " + last);
  }

  /** Takes an instance out of service: at once if nothing is in flight on it. */
  private void drain(long now, Instance instance, ReleaseReason reason) {
    if (instance.phase == STARTING) {
      beginRelease(now, instance, reason, spec.releaseGrace());
      unbind(now, instance);
    } else if (instance.phase == READY || instance.phase == DRAINING) {
      if (instance.phase == READY) {
        instance.phase = DRAINING;
        instance.releaseReason = reason;
        tell(
            at ->
                new DeploymentEvent.InstanceDraining(
                    at, name, instance.id, reason, instance.inFlight));
        unbind(now, instance);
        statusMayHaveChanged();
      }
      if (instance.inFlight == 0) {
        drained(now, instance);
      }
    }
  }

  private void drained(long now, Instance instance) {
    instance.drainDeadline = NEVER;
    if (instance.detaching) {
      effects.add(new Effect.Detach(instance));
    } else {
      ReleaseReason reason = instance.releaseReason;
      beginRelease(
          now, instance, reason == null ? ReleaseReason.REQUESTED : reason, spec.releaseGrace());
    }
  }

  private void cutShort(long now, Instance instance) {
    instance.drainDeadline = NEVER;
    if (instance.detaching) {
      lose(instance, InstanceExit.unknown("the engine was closed"));
      effects.add(new Effect.Detach(instance));
    } else {
      force(now, instance, ReleaseReason.CLOSED);
    }
  }

  private void force(long now, Instance instance, ReleaseReason reason) {
    if (instance.phase == RELEASING) {
      instance.releaseRetryAt = NEVER;
      release(instance, Duration.ZERO);
    } else {
      lose(instance, InstanceExit.unknown("the instance was released by force"));
      beginRelease(now, instance, reason, Duration.ZERO);
      unbind(now, instance);
      noteQuiet(now);
    }
  }

  private void beginRelease(long now, Instance instance, ReleaseReason reason, Duration grace) {
    if (instance.busySince != NEVER) {
      instance.busyNanos += now - instance.busySince;
      instance.busySince = NEVER;
      instance.idleSince = now;
    }
    Duration idle =
        Duration.ofNanos(instance.idleSince == NEVER ? 0 : Math.max(0, now - instance.idleSince));
    instance.phase = RELEASING;
    instance.releaseReason = reason;
    instance.releaseRequestedAt = now;
    tell(at -> new DeploymentEvent.InstanceReleasing(at, name, instance.id, reason, idle));
    statusMayHaveChanged();
    release(instance, grace);
  }

  private void release(Instance instance, Duration grace) {
    instance.releaseAttempts++;
    effects.add(new Effect.Release(instance, grace));
  }

  /** Those who hold a lease of an instance are told; the leases do not count any more. */
  private void lose(Instance instance, InstanceExit exit) {
    inFlight -= instance.inFlight;
    instance.leasesLost = true;
    effects.add(new Effect.Lost(instance, exit));
  }

  /** Those who wait for an instance that takes nothing more get another, unless they named it. */
  private void unbind(long now, Instance instance) {
    for (Waiter waiter : List.copyOf(instance.bound)) {
      if (waiter.route instanceof RouteRule.Instance) {
        dequeueAndReject(now, waiter, refusals.targetNotFound());
      } else {
        queue.unbind(waiter);
      }
    }
  }

  private void take(long now, Instance instance) {
    inFlight++;
    if (instance.inFlight++ == 0) {
      instance.busySince = now;
    }
  }

  /** Grants an instance's room to those who wait, in the order in which they asked. */
  private void fill(long now, Instance instance) {
    while (instance.hasRoom()) {
      Waiter next = queue.next(instance);
      if (next == null) {
        return;
      }
      queue.remove(next);
      take(now, instance);
      boolean cold = next.number <= instance.requestsAtReady;
      if (cold) {
        coldStarts++;
      }
      pendingNanos += now - next.askedAt;
      effects.add(new Effect.Grant(next, instance, cold, now - next.askedAt));
    }
  }

  private void becameIdle(Instance instance) {
    instance.idleTimeout = idleTimeouts.ask(spec);
    long due = instance.idleDue();
    if (due != NEVER) {
      schedule(due);
    }
  }

  private boolean mayShrink() {
    return roster.count(READY) > spec.minInstances() || lifecycle != Lifecycle.OPEN;
  }

  // Queues.

  private boolean enqueue(long now, Waiter waiter, @Nullable Instance target) {
    if (queue.size() >= spec.maxPending()) {
      reject(now, waiter, refusals.queueFull(spec));
      return false;
    }
    queue.add(waiter, target);
    schedule(waiter.deadline);
    hurryReleases(now + LAST_WANTED_RELEASE_RETRY.toNanos());
    return true;
  }

  private void hurryReleases(long latest) {
    for (Instance instance : roster.all()) {
      if (instance.releaseRetryAt != NEVER && instance.releaseRetryAt > latest) {
        instance.releaseRetryAt = latest;
        schedule(latest);
      }
    }
  }

  private void dequeueAndReject(long now, Waiter waiter, AutoDeployException error) {
    if (queue.remove(waiter)) {
      reject(now, waiter, error);
    }
  }

  private void reject(long now, Waiter waiter, AutoDeployException error) {
    effects.add(new Effect.Reject(waiter, error));
    noteQuiet(now);
  }

  private void rejectAll(long now, Supplier<AutoDeployException> error) {
    queue.all().forEach(waiter -> dequeueAndReject(now, waiter, error.get()));
  }

  private void noteQuiet(long now) {
    if (inFlight == 0 && queue.size() == 0 && quietSince == NEVER) {
      quietSince = now;
    }
  }

  private AutoDeployException startFailed(long now) {
    return refusals.startFailed(now, backoff);
  }

  private AutoDeployException notOpen() {
    return lifecycle == Lifecycle.REMOVED ? refusals.removed() : refusals.closed();
  }

  // The one timer.

  private void schedule(long at) {
    if (at < timerAt) {
      timerAt = at;
      effects.add(new Effect.SetTimer(at));
    }
  }

  /** Sets the timer to the earliest deadline there is. */
  private void rearm(long now) {
    long next = queue.earliestDeadline();
    for (Instance instance : roster.all()) {
      next =
          Math.min(
              next,
              switch (instance.phase) {
                case STARTING -> instance.startDeadline;
                case READY -> readyDeadline(now, instance);
                case DRAINING -> instance.drainDeadline;
                case RELEASING -> instance.releaseRetryAt;
              });
    }
    if (backoff.holds(now) && (queue.sizeForAny() > 0 || belowMinimum())) {
      next = Math.min(next, backoff.until());
    }
    if (now < minimumHeldUntil && belowMinimum()) {
      next = Math.min(next, minimumHeldUntil);
    }
    if (next != NEVER) {
      schedule(next);
    }
  }

  /** A busy instance is looked at when it could be due at the earliest: closing sets no timer. */
  private long readyDeadline(long now, Instance instance) {
    if (instance.inFlight == 0) {
      return mayShrink() ? instance.idleDue() : NEVER;
    }
    if (instance.idleTimeout == NEVER) {
      instance.idleTimeout = idleTimeouts.ask(spec);
    }
    return instance.idleTimeout == NEVER
        ? NEVER
        : now + Math.max(instance.idleTimeout, BUSY_RECHECK.toNanos());
  }

  private boolean belowMinimum() {
    return lifecycle == Lifecycle.OPEN
        && roster.alive() < spec.minInstances()
        && roster.size() < spec.maxInstances();
  }

  // Small things.

  private void terminateIfEmpty() {
    if (lifecycle != Lifecycle.OPEN && roster.isEmpty() && !terminated) {
      terminated = true;
      effects.add(new Effect.Terminated());
    }
  }

  private void statusMayHaveChanged() {
    DeploymentState from = told;
    DeploymentState to = state();
    if (from != to) {
      told = to;
      tell(at -> new DeploymentEvent.StatusChanged(at, name, from, to));
    }
  }

  private void tell(Function<Instant, DeploymentEvent> event) {
    effects.add(new Effect.Tell(event));
  }
}
