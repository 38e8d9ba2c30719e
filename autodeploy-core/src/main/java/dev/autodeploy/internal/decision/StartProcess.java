package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.ASLEEP;
import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.StartEstimate;
import dev.autodeploy.StartFailure;
import dev.autodeploy.StartReason;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.probe.Probes;
import dev.autodeploy.internal.util.Durations;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.StartProgress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The starts of a deployment: carries {@link StartPlanner}'s plans out, and deals with failures.
 */
final class StartProcess {
  private static final Duration LONGEST_START = Duration.ofHours(24);

  private final String name;
  private final Declaration declaration;
  private final Instances instances;
  private final Callers callers;
  private final ReleaseProcess releases;
  private final Rejections rejections;
  private final Supplier<String> instanceIds;
  private final RecentUsage history;
  private final Outbox outbox;
  private @Nullable RoomDemand rooms; // made for the first demand
  private final StartBackoff backoff = new StartBackoff();

  private boolean keepsMinimum;
  private long minimumHeldUntil = Long.MIN_VALUE;
  private long starts;
  private long failures;

  StartProcess(
      Declaration declaration,
      Instances instances,
      Callers callers,
      ReleaseProcess releases,
      Rejections rejections,
      Supplier<String> instanceIds,
      RecentUsage history,
      Outbox outbox) {
    this.name = outbox.deployment();
    this.declaration = declaration;
    this.instances = instances;
    this.callers = callers;
    this.releases = releases;
    this.rejections = rejections;
    this.instanceIds = instanceIds;
    this.history = history;
    this.outbox = outbox;
  }

  private Sleepers sleepers() {
    return new Sleepers(instances, outbox);
  }

  RoomDemand rooms() {
    RoomDemand demand = rooms;
    if (demand == null) {
      demand = new RoomDemand(outbox);
      rooms = demand;
    }
    return demand;
  }

  /** Returns what room is waited for, or null. */
  @Nullable RoomWait waitsForRoom() {
    return rooms == null ? null : rooms.waitsFor();
  }

  private void wantRoom(int instances) {
    if (instances > 0 || rooms != null) {
      DeploymentSpec spec = declaration.spec();
      rooms().want(spec.gpu(), HostShare.memoryOf(spec), instances, null);
    }
  }

  /**
   * Wakes instances before others are started.
   *
   * @param needed how many are needed
   * @return how many of them sleep, or slept
   */
  private int wake(long now, int needed) {
    List<Instance> chosen = declaration.mayStart() ? sleepers().toWake(needed) : List.of();
    int count = chosen.size();
    int most = mostAtOnce();
    for (Instance instance : List.copyOf(chosen)) {
      if (most > 0 && instance.is(ASLEEP) && !instance.sleep.roomGivenUp) {
        sleepers().wake(now, instance);
        most--;
      }
    }
    return Math.min(needed, count);
  }

  /** Returns the instance that is to be woken next as soon as there is room for it, or null. */
  private @Nullable Instance waitsToWake(int needed) {
    for (Instance instance :
        declaration.mayStart() ? sleepers().toWake(needed) : List.<Instance>of()) {
      if (instance.is(ASLEEP) && instance.sleep.roomGivenUp) {
        return instance;
      }
    }
    return null;
  }

  /** Nobody waits any longer: a sleeper may have been kept beyond its time for who did. */
  void nobodyWaits(long now) {
    for (Instance instance : instances.all()) {
      if (instance.is(ASLEEP) && instance.idleDue() != NEVER) {
        outbox.schedule(Math.max(now, instance.idleDue()));
      }
    }
  }

  /** A caller no longer waits: no room is wanted for it. */
  void callerLeft(long now) {
    nobodyWaits(now);
    if (rooms != null && rooms.isWanted()) {
      ensureCapacity(now);
    }
  }

  StartBackoff backoff() {
    return backoff;
  }

  long starts() {
    return starts;
  }

  long failures() {
    return failures;
  }

  /** Counts the minimum from now on: before that, instances may still be adopted. */
  void keepMinimum() {
    keepsMinimum = true;
  }

  /** Holds the minimum back, so that instances that end at once are not restarted in a loop. */
  void holdMinimumBack(long now) {
    minimumHeldUntil = now + declaration.spec().startBackoff().toNanos();
  }

  /** Starts the instances that waiting callers and the minimum need, within the maximum. */
  void ensureCapacity(long now) {
    if (callers.waitingForAny() > 0) {
      // A caller whose instance is lost may have come to wait although another one has room.
      List.copyOf(instances.all()).forEach(instance -> callers.fill(now, instance));
    }
    DeploymentSpec spec = declaration.spec();
    boolean expected = isExpected(now);
    if (nobodyNeedsAny() && !expected) {
      wantRoom(0);
      return;
    }
    StartPlanner.Plan plan = StartPlanner.plan(situation(now, spec, expected));
    int woken = wake(now, plan.count());
    int count = plan.count() - woken;
    boolean heldBack =
        (plan.heldBack() && count > 0) || (callers.waitingForOwn() > 0 && backoff.holds(now));
    Instance sleeper = waitsToWake(plan.count());
    if (heldBack) {
      outbox.schedule(backoff.until());
    }
    if (sleeper != null) { // one after the other: the next when it has its room
      rooms().want(Sleepers.needs(sleeper), 0, 1, sleeper.room);
    } else if (heldBack) {
      wantRoom(0);
    } else if (needsRoom()) {
      wantRoom(count + ownStarts(count));
    } else {
      wantRoom(0); // what it may have wanted with an earlier specification
      int own = Math.min(ownStarts(count), mostAtOnce() - Math.min(count, mostAtOnce()));
      for (int i = 0; i < Math.min(count, mostAtOnce()); i++) {
        start(now, plan.reason(woken + i), null);
      }
      for (int i = 0; i < own; i++) {
        callers.bindOwn(start(now, StartReason.SCALE_OUT, null));
      }
    }
  }

  /** Returns how many are started, or woken, before it is measured again what a budget has left. */
  private int mostAtOnce() {
    return declaration.allowance().isLimited() ? 1 : Integer.MAX_VALUE;
  }

  private boolean nobodyNeedsAny() {
    return callers.waitingForAny() == 0
        && callers.waitingForOwn() == 0
        && sleepers().named() == 0
        && declaration.minInstances() == 0;
  }

  private boolean isExpected(long now) {
    return callers.ahead().isDue(now) && !declaration.scheduled().closed();
  }

  /** Returns whether room, if any is wanted, is wanted for a request that is only expected. */
  boolean onlyExpects() {
    return nobodyNeedsAny() && callers.ahead().isPlanned();
  }

  /** Returns whether instances share what there is with those of other deployments. */
  boolean needsRoom() {
    return declaration.sharesHost() || !declaration.spec().gpu().isNone();
  }

  /**
   * Returns how many instances are to be started for callers that want one of their own.
   *
   * @param others how many are to be started for others
   */
  private int ownStarts(int others) {
    int left = declaration.spec().maxInstances() - instances.size() - others;
    return declaration.mayStart() ? Math.max(0, Math.min(left, callers.waitingForOwn())) : 0;
  }

  /**
   * There is room for one instance: it is started if it is still needed.
   *
   * @return whether it is
   */
  boolean startIn(long now, Room room) {
    DeploymentSpec spec = declaration.spec();
    boolean fits =
        room.request().equals(spec.gpu()) && room.hostBytes() == HostShare.memoryOf(spec);
    if (!declaration.mayStart() || !fits || backoff.holds(now)) {
      return false;
    }
    StartPlanner.Plan plan = StartPlanner.plan(situation(now, spec, isExpected(now)));
    int asleep = sleepers().toWake(plan.count()).size();
    int count = Math.max(0, plan.count() - asleep);
    if (ownStarts(count) > 0) {
      callers.bindOwn(start(now, StartReason.SCALE_OUT, room));
      return true;
    }
    if (count > 0) {
      start(now, plan.reason(asleep), room);
      return true;
    }
    return false;
  }

  /**
   * There is room for an instance that is asleep: it is woken if it is still needed.
   *
   * @return whether it is
   */
  boolean wakeIn(long now, Instance sleeper) {
    StartPlanner.Plan plan = StartPlanner.plan(situation(now, declaration.spec(), isExpected(now)));
    if (!declaration.mayStart() || !sleepers().toWake(plan.count()).contains(sleeper)) {
      return false;
    }
    sleepers().wake(now, sleeper);
    return true;
  }

  private StartPlanner.Situation situation(long now, DeploymentSpec spec, boolean expected) {
    return new StartPlanner.Situation(
        declaration.mayStart(),
        instances.count(READY),
        instances.coming(),
        sleepers().count(),
        instances.size() - sleepers().count(),
        callers.waitingForAny(),
        instances.requestsToCome(),
        keepsMinimum && now >= minimumHeldUntil ? declaration.minInstances() : 0,
        expected,
        spec.maxInstances(),
        spec.concurrency(),
        backoff.holds(now));
  }

  /** Returns when starts that are held back may be made, or {@link Instance#NEVER}. */
  long nextAttempt(long now) {
    long next = NEVER;
    if (backoff.holds(now)
        && (callers.waitingForAny() + callers.waitingForOwn() > 0 || isBelowMinimum())) {
      next = backoff.until();
    }
    if (now < minimumHeldUntil && isBelowMinimum()) {
      next = Math.min(next, minimumHeldUntil);
    }
    return Math.min(next, callers.ahead().nextLook(now));
  }

  private boolean isBelowMinimum() {
    DeploymentSpec spec = declaration.spec();
    return declaration.mayStart()
        && instances.awake() < declaration.minInstances()
        && (sleepers().count() > 0 || instances.size() < spec.maxInstances());
  }

  Instance start(long now, StartReason reason, @Nullable Room room) {
    DeploymentSpec spec = declaration.spec();
    StartEstimate estimate = history.startEstimate();
    Duration timeout = startTimeout(spec, estimate);
    Instance instance =
        new Instance(
            instanceIds.get(),
            instances.freeSlot(),
            reason,
            spec,
            declaration.fingerprint(),
            spec.gpu(),
            room,
            now,
            now + timeout.toNanos());
    instance.startTimeout = timeout;
    instance.expectedStart = estimate == null ? null : estimate.median();
    if (reason != StartReason.MINIMUM && reason != StartReason.EXPECTED) {
      instance.caller = callers.cause(reason == StartReason.SCALE_OUT);
    }
    instances.add(instance);
    starts++;
    outbox.add(new Effect.Start(instance));
    publishStarting(instance);
    outbox.schedule(instance.startDeadline);
    if (reason == StartReason.EXPECTED) {
      instance.keptUnused = callers.ahead().take();
    }
    return instance;
  }

  /** Returns how long a start may take: by its setting, or by how long starts have taken. */
  private static Duration startTimeout(DeploymentSpec spec, @Nullable StartEstimate estimate) {
    Double factor = spec.startTimeoutFactor();
    if (factor == null || estimate == null) {
      return spec.startTimeout();
    }
    double nanos = Math.min(estimate.p95().toNanos() * factor, (double) LONGEST_START.toNanos());
    Duration adaptive = Duration.ofNanos((long) nanos);
    return adaptive.compareTo(spec.startTimeout()) > 0 ? adaptive : spec.startTimeout();
  }

  /** Takes an instance of an earlier process over; it still has to prove that it is ready. */
  void adopt(long now, Instance instance) {
    instances.add(instance);
    instance.startTimeout = startTimeout(declaration.spec(), history.startEstimate());
    instance.startDeadline = now + instance.startTimeout.toNanos();
    outbox.add(new Effect.Probe(instance));
    publishStarting(instance);
  }

  private void publishStarting(Instance instance) {
    outbox.publish(
        at ->
            new DeploymentEvent.InstanceStarting(
                at, name, instance.id, instance.startReason, instance.expectedStart));
    outbox.publishState(instances.state());
  }

  /**
   * A start makes progress. The start timeout does not run while an instance is prepared or
   * created; it begins when that ends.
   *
   * @return whether its preparation, or its timeout, begins or ends with that
   */
  boolean progress(long now, Instance instance, StartProgress progress) {
    if (!instance.isStarting()) {
      return false;
    }
    instance.progress = progress;
    boolean preparing = progress.preparing();
    boolean timed = progress.phase() == StartProgress.Phase.STARTING;
    boolean turns = instance.preparing != preparing;
    if (turns && preparing) {
      instance.preparationBegins(now);
    } else if (turns) {
      instance.preparationEnds(now);
    }
    if (timed != (instance.startDeadline != NEVER)) {
      instance.startDeadline = timed ? now + instance.startTimeout.toNanos() : NEVER;
      turns = true;
    }
    return turns;
  }

  /** A start has succeeded: the instance takes requests, and nothing is held back any longer. */
  void succeeded(long now, Instance instance, URI endpoint) {
    instance.to(READY);
    instance.requestsAtReady = callers.requests();
    if (instance.readyAt == NEVER) {
      instance.readyAt = now;
    }
    if (instance.wasAsleep()) { // an earlier process left it so, and it is awake
      instance.sleep.ends(now);
    }
    if (instance.idleSince == NEVER) {
      instance.idleSince = now;
    }
    backoff.reset();
    Duration took = Duration.ofNanos(now - instance.startRequestedAt);
    Duration ago = Duration.ofNanos(now - instance.readyAt);
    boolean adopted = instance.startReason == StartReason.ADOPTED;
    outbox.publish(
        at ->
            adopted // its start was another process's, and so is the time that it took
                ? new DeploymentEvent.InstanceAdopted(
                    at, name, instance.id, endpoint, at.minus(ago))
                : new DeploymentEvent.InstanceReady(
                    at, name, instance.id, endpoint, took, instance.expectedStart));
    outbox.publishState(instances.state());
  }

  /** An instance was not ready within the start timeout. */
  void timedOut(long now, Instance instance) {
    String message =
        "the instance was not ready within "
            + Durations.text(instance.startTimeout)
            + " (startTimeout); it waited for "
            + Probes.describe(instance.spec.readiness())
            + (instance.probed
                ? "; the last probe said: " + StartDiagnosis.notReady(instance)
                : "");
    failed(now, instance, StartFailure.Kind.TIMEOUT, message, null);
  }

  /** A start failed; one that has an exit is of the same kind however soon that is noticed. */
  void failed(long now, Instance instance, String message, @Nullable InstanceExit exit) {
    boolean ended = exit != null;
    StartFailure.Kind kind = ended ? StartFailure.Kind.EXITED : StartFailure.Kind.PROVIDER;
    failed(now, instance, kind, message, exit);
  }

  /**
   * A start failed. In this order:
   *
   * <ol>
   *   <li>An adopted instance is released, and its callers get another one: it does not count as a
   *       failed start.
   *   <li>The backoff begins, or doubles.
   *   <li>The instance is released.
   *   <li>The callers bound to it are rejected with the failure, and, if no other instance is ready
   *       or starting, all the others.
   * </ol>
   */
  void failed(
      long now,
      Instance instance,
      StartFailure.Kind kind,
      String message,
      @Nullable InstanceExit exit) {
    if (instance.startReason == StartReason.ADOPTED) { // (1)
      if (instance.inFlight > 0) {
        callers.invalidateLeases(instance, exit == null ? InstanceExit.unknown(message) : exit);
      }
      releases.begin(now, instance, ReleaseReason.ORPHANED);
      callers.unbind(now, instance);
      return;
    }
    failures++;
    StartFailure failure =
        StartFailure.builder(instance.id, kind, message)
            .exit(exit)
            .elapsed(Duration.ofNanos(now - instance.startRequestedAt))
            .attempts(backoff.nextAttempt())
            .cause(StartDiagnosis.cause(instance, message, exit))
            .lastProbe(instance.lastProbeError)
            .logTail(StartDiagnosis.lastLines(instance, exit))
            .build();
    DeploymentSpec spec = declaration.spec();
    Duration wait =
        backoff.failed(now, failure, spec.startBackoff(), spec.maxStartBackoff()); // (2)
    outbox.publish(
        at -> new DeploymentEvent.InstanceStartFailed(at, name, instance.id, failure, wait));
    releases.begin(now, instance, ReleaseReason.START_FAILED); // (3)
    List<Waiter> affected = new ArrayList<>(instance.bound); // (4)
    if (instances.alive() == 0) {
      affected.addAll(callers.forAny());
    }
    affected.forEach(waiter -> callers.rejectWaiting(now, waiter, lastFailure(now)));
  }

  /** Returns the error for a caller that could only wait for a start that is held back. */
  AutoDeployException lastFailure(long now) {
    return rejections.startFailed(now, backoff);
  }
}
