package dev.autodeploy.testing;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Cost;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.InstanceInfo;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.InstanceStatus;
import dev.autodeploy.Lease;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.RouteRule;
import dev.autodeploy.StartFailedException;
import dev.autodeploy.StartReason;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.UsageHistory;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One deployment in a walk, in one life of its engine: does to it what clients and host
 * applications do, keeps a book of its own, and compares the two.
 */
final class WalkDeployment {
  private final Walk walk;
  private final WalkEngine engine;
  private final String name;
  private final Map<String, WalkInstance> instances = new HashMap<>();
  private final List<WalkWaiter> waiters = new ArrayList<>();
  private final List<Held> leases = new ArrayList<>();
  private final WalkRefusals refusals;

  private DeploymentSpec spec;
  private ManualProcess process;
  private @Nullable Deployment deployment;
  private @Nullable CompletableFuture<Void> removal;
  private boolean quiet;
  private int asked;
  private int scaleOutsAsked;
  private int scaleOuts;

  /** Until when the minimum may not be kept, as an instance has ended by itself. */
  private long minimumHeldUntil = Long.MIN_VALUE;

  // Since everything was last at rest: the books of engine and walk may differ until it is again.
  private int mostWaiting;
  private int mostConcurrency;
  private int leastConcurrency;
  private int mostMinimum;
  private int leastMinimum;
  private Duration mostBackoff = Duration.ZERO;

  /** An open lease; the stage is null for one that does not want to be told of its loss. */
  private record Held(
      Lease lease, WalkInstance instance, @Nullable CompletionStage<InstanceExit> lost) {}

  WalkDeployment(Walk walk, WalkEngine engine, DeploymentSpec spec) {
    this.walk = walk;
    this.engine = engine;
    this.process = engine.process();
    this.name = spec.name();
    this.spec = spec;
    this.refusals = new WalkRefusals(walk);
    atRest();
  }

  void attach(Deployment newDeployment) {
    deployment = newDeployment;
    process = engine.process();
  }

  String name() {
    return name;
  }

  DeploymentSpec spec() {
    return spec;
  }

  boolean isRemoving() {
    return removal != null;
  }

  boolean isRemoved() {
    return removal != null && removal.isDone();
  }

  private Deployment deployment() {
    Deployment current = deployment;
    if (current == null) {
      throw new IllegalStateException("deployment '" + name + "' is not attached");
    }
    return current;
  }

  // What happens to it.

  void act(WalkDraw draw) {
    int kind = draw.below(100);
    if (kind < 46) {
      for (int i = draw.any(1, 1, 1, 1, 1, 2, 3, 8); i > 0; i--) {
        acquire(RouteRule.defaultRule(), draw.patience());
      }
    } else if (kind < 54) {
      acquire(route(draw), draw.patience());
    } else if (kind < 62) {
      cancel(draw);
    } else if (kind < 92) {
      for (int i = draw.any(1, 1, 2, 8); i > 0; i--) {
        close(draw);
      }
    } else if (kind < 94) {
      start();
    } else if (kind < 96) {
      release();
    } else if (kind < 97) {
      releaseForcibly();
    } else if (kind < 99) {
      update(draw);
    } else {
      closeAll();
    }
  }

  private RouteRule route(WalkDraw draw) {
    return switch (draw.below(4)) {
      case 0 -> RouteRule.scaleOut();
      case 1 -> RouteRule.random();
      case 2 -> RouteRule.roundRobin();
      default -> {
        List<InstanceInfo> infos = deployment().status().instances();
        yield RouteRule.instance(infos.isEmpty() ? "nobody" : draw.any(infos).id());
      }
    };
  }

  private void acquire(RouteRule route, Duration patience) {
    WalkWaiter waiter = ask(route, patience);
    if (route instanceof RouteRule.ScaleOut) {
      scaleOutsAsked++;
    }
    CompletableFuture<Lease> future = deployment().acquire(new AcquireRequest(route, patience));
    waiter.future = future;
    future.whenComplete(
        (lease, error) -> {
          if (answered(waiter, error)) {
            granted(waiter, lease);
          }
        });
  }

  private void start() {
    WalkWaiter waiter = ask(RouteRule.defaultRule(), AcquireRequest.DEFAULT_TIMEOUT);
    CompletableFuture<Void> future = deployment().start();
    waiter.future = future;
    waiter.canGiveUp = false;
    future.whenComplete(
        (done, error) -> {
          if (answered(waiter, error)) {
            unseenLease();
          }
        });
  }

  private WalkWaiter ask(RouteRule route, Duration patience) {
    long now = walk.time.read();
    WalkWaiter waiter =
        new WalkWaiter(
            walk.requests++,
            route,
            now,
            now + patience.toNanos(),
            waiters.size(),
            spec,
            route instanceof RouteRule.Default ? null : deployment().status());
    walk.trace.add(
        () -> id() + ": " + waiter + " asks for " + route + " within " + Walk.text(patience));
    waiters.add(waiter);
    asked++;
    mostWaiting = Math.max(mostWaiting, waiters.size());
    return waiter;
  }

  private void cancel(WalkDraw draw) {
    List<WalkWaiter> able = waiters.stream().filter(waiter -> waiter.canGiveUp).toList();
    if (able.isEmpty()) {
      return;
    }
    WalkWaiter waiter = draw.any(able);
    walk.trace.add(() -> id() + ": " + waiter + " gives up");
    if (waiter.future.cancel(false)) {
      walk.cancelled++;
      walk.check(waiter.cancelled, () -> "who gives up is told so: " + waiter);
    }
    unseenLease();
  }

  private void close(WalkDraw draw) {
    if (leases.isEmpty()) {
      return;
    }
    Held held = leases.remove(draw.below(leases.size()));
    walk.trace.add(() -> id() + ": close a lease of " + held.instance.id);
    close(held);
    if (draw.chance(10)) {
      held.lease.close();
    }
  }

  private void closeAll() {
    walk.trace.add(() -> id() + ": close all " + leases.size() + " leases");
    List<Held> all = List.copyOf(leases);
    leases.clear();
    all.forEach(this::close);
  }

  private void close(Held held) {
    held.lease.close();
    if (--held.instance.open == 0) {
      held.instance.becameIdle(walk.time.read(), timeout());
    }
  }

  private void release() {
    walk.trace.add(() -> id() + ": release");
    deployment().release();
  }

  private void releaseForcibly() {
    walk.trace.add(() -> id() + ": release by force");
    refusals.releasedByForce();
    instances.values().forEach(instance -> instance.forced = true);
    for (InstanceInfo info : deployment().status().instances()) {
      instance(info.id()).forced = true;
    }
    deployment().releaseForcibly();
  }

  private void update(WalkDraw draw) {
    if (isRemoving()) {
      return;
    }
    DeploymentSpec drawn = draw.spec(name, engine.nextRevision());
    String command = spec.startCommand();
    update(
        draw.chance(60) && command != null
            ? drawn.toBuilder().startCommand(command).build()
            : drawn);
  }

  private void update(DeploymentSpec newSpec) {
    walk.trace.add(() -> id() + ": update to " + describe(newSpec));
    DeploymentSpec before = spec;
    spec = newSpec;
    mostConcurrency = Math.max(mostConcurrency, spec.concurrency());
    leastConcurrency = Math.min(leastConcurrency, spec.concurrency());
    mostMinimum = Math.max(mostMinimum, spec.minInstances());
    leastMinimum = Math.min(leastMinimum, spec.minInstances());
    if (mostBackoff.compareTo(spec.startBackoff()) < 0) {
      mostBackoff = spec.startBackoff();
    }
    instances.values().forEach(instance -> instance.timeoutChanged(timeout()));
    if (!engine.mayFail(() -> engine.autoDeploy().update(newSpec))) {
      spec = before;
    }
  }

  void remove() {
    if (!isRemoving()) {
      walk.trace.add(() -> id() + ": remove");
      engine.mayFail(() -> removal = engine.remove(name));
    }
  }

  /** Asks for nothing more and lets everything go. */
  void quiet() {
    quiet = true;
    closeAll();
    if (!isRemoving()) {
      update(spec.toBuilder().minInstances(0).idleTimeout(Duration.ofSeconds(1)).build());
    }
  }

  /** Returns how long it is until a waiter's deadline or the end of an idle time. */
  Optional<Duration> deadline(WalkDraw draw) {
    List<Long> moments = new ArrayList<>();
    waiters.forEach(waiter -> moments.add(waiter.deadline));
    for (WalkInstance instance : instances.values()) {
      if (instance.told == WalkInstance.Told.READY && instance.open == 0) {
        moments.add(instance.idleDueAtFirst());
      }
    }
    long now = walk.time.read();
    moments.removeIf(moment -> moment == WalkInstance.NEVER || moment < now);
    moments.sort(null);
    return moments.isEmpty()
        ? Optional.empty()
        : Optional.of(Duration.ofNanos(draw.any(moments) - now));
  }

  // What the clients are answered.

  /** Notes an answer; returns whether it is a lease that the client still wants. */
  private boolean answered(WalkWaiter waiter, @Nullable Throwable error) {
    if (!process.isAlive() || !waiters.remove(waiter)) {
      return false;
    }
    if (error == null) {
      return true;
    }
    if (waiter.future.isCancelled()) {
      waiter.cancelled = true;
    } else {
      refused(waiter, Unwrap.cause(error));
    }
    return false;
  }

  private void granted(WalkWaiter waiter, Lease lease) {
    walk.leases++;
    long now = walk.time.read();
    String id = lease.instanceId();
    WalkInstance instance = instance(id);
    walk.trace.add(() -> id() + ": " + waiter + " gets " + id);
    SimulatedMachine machine = walk.world.machines.get(id);
    if (machine == null || !machine.request.deployment().equals(name)) {
      walk.broken("a lease is of an instance of its deployment, but " + waiter + " got " + id);
      return;
    }
    boolean dead = machine.exitedAt <= now || instance.forced || engine.isClosing();
    walk.check(
        dead || (machine.isReady() && !instance.releaseAsked),
        () -> "a lease is of an instance that is ready and stays, but " + waiter + " got " + id);
    instance.open++;
    instance.used = true;
    instance.idleSince = WalkInstance.NEVER;
    instance.idleAtLast = WalkInstance.NEVER;
    walk.check(
        instance.open <= mostConcurrency,
        () -> id + " serves " + mostConcurrency + " at once, but got " + instance.open);
    walk.check(
        now <= waiter.deadline, () -> "an answer comes by the deadline, but that of " + waiter);
    walk.check(
        lease.waited().toNanos() == now - waiter.askedAt,
        () -> "a lease says how long it was waited for: " + lease.waited() + " of " + waiter);
    if (waiter.route instanceof RouteRule.Instance named) {
      walk.check(named.instanceId().equals(id), () -> waiter + " named an instance, but got " + id);
    }
    Held held = new Held(lease, instance, waiter.number % 2 == 0 ? lease.lost() : null);
    if (quiet) {
      close(held);
    } else {
      leases.add(held);
    }
  }

  private void refused(WalkWaiter waiter, Throwable error) {
    walk.refusals++;
    walk.trace.add(() -> id() + ": " + waiter + " is refused: " + error.getMessage());
    if (!(error instanceof AutoDeployException refusal)) {
      walk.broken("a refusal is an AutoDeployException, but " + waiter + " got " + error);
      return;
    }
    walk.check(
        isJustified(waiter, refusal),
        () -> "a refusal is justified, but " + waiter + " got " + error.getMessage());
  }

  private boolean isJustified(WalkWaiter waiter, AutoDeployException refusal) {
    return switch (refusal.code()) {
      case ACQUIRE_TIMEOUT -> walk.time.read() == waiter.deadline;
      case QUEUE_FULL -> WalkRefusals.isQueueFull(waiter);
      case START_FAILED -> {
        boolean known = refusal instanceof StartFailedException;
        if (refusal instanceof StartFailedException failed) {
          refusals.add(waiter, failed);
        }
        yield known;
      }
      case ROUTE_TARGET_NOT_FOUND -> WalkRefusals.isTargetMissing(waiter, deployment().status());
      case REPLICA_QUOTA_EXCEEDED -> WalkRefusals.isQuotaExceeded(waiter);
      case RELEASED -> refusals.isByForce(waiter);
      case DEPLOYMENT_NOT_FOUND -> isRemoving();
      case CLOSED -> engine.isClosing();
      default -> false;
    };
  }

  /** A lease ended, or may have, that the book does not have: an idle time begins anew. */
  private void unseenLease() {
    long now = walk.time.read();
    for (WalkInstance instance : instances.values()) {
      if (instance.idleAtLast != WalkInstance.NEVER) {
        instance.idleAtLast = now;
      }
    }
  }

  // What the provider and the listeners see.

  void releasing(SimulatedMachine machine) {
    String id = machine.request.instanceId();
    WalkInstance instance = instance(id);
    instance.releaseAsked = true;
    boolean allowed =
        instance.open == 0
            || instance.forced
            || engine.isClosing()
            || machine.exitedAt != SimulatedMachine.NEVER;
    walk.check(
        allowed,
        () ->
            "an instance with an open lease is not released, but " + id + " with " + instance.open);
  }

  void told(DeploymentEvent event) {
    refusals.told(event);
    if (event instanceof DeploymentEvent.InstanceStarting e) {
      toldStarting(e);
    } else if (event instanceof DeploymentEvent.InstanceReady e) {
      toldReady(e);
    } else if (event instanceof DeploymentEvent.InstanceStartFailed) {
      walk.startFailures++;
    } else if (event instanceof DeploymentEvent.InstanceExited e) {
      toldExited(e);
    } else if (event instanceof DeploymentEvent.InstanceDraining e) {
      instance(e.instanceId()).told = WalkInstance.Told.DRAINING;
    } else if (event instanceof DeploymentEvent.InstanceReleasing e) {
      toldReleasing(e);
    } else if (event instanceof DeploymentEvent.InstanceReleased e) {
      toldReleased(e);
    }
  }

  private void toldStarting(DeploymentEvent.InstanceStarting event) {
    String id = event.instanceId();
    StartReason reason = event.reason();
    WalkInstance known = instances.get(id);
    boolean isNew = known == null || known.told == WalkInstance.Told.NOTHING;
    walk.check(isNew, () -> "every start has one reason, but " + id + " has two");
    int starting = count(WalkInstance.Told.STARTING, id);
    int ready = count(WalkInstance.Told.READY, id);
    boolean justified =
        switch (reason) {
          case REQUEST -> starting == 0 && ready == 0 && mostWaiting > 0;
          case DEMAND -> (long) starting * leastConcurrency < mostWaiting;
          case MINIMUM -> starting + ready < mostMinimum;
          case SCALE_OUT -> ++scaleOuts <= scaleOutsAsked;
          case ADOPTED -> walk.world.machines.containsKey(id);
        };
    walk.check(
        justified,
        () ->
            "a demand starts one instance, but "
                + id
                + " starts for "
                + reason
                + " beside "
                + starting
                + " starting and "
                + ready
                + " ready, for "
                + mostWaiting
                + " waiting");
    WalkInstance instance = instance(id);
    instance.told = WalkInstance.Told.STARTING;
    instance.adopted = reason == StartReason.ADOPTED;
  }

  private void toldReady(DeploymentEvent.InstanceReady event) {
    WalkInstance instance = instance(event.instanceId());
    SimulatedMachine machine = walk.world.machines.get(event.instanceId());
    boolean wasReady =
        machine != null && machine.upAt != SimulatedMachine.NEVER && machine.plan.comesUp;
    walk.check(
        wasReady, () -> "ready is told of what is up, but " + event.instanceId() + " is not");
    instance.told = WalkInstance.Told.READY;
    if (instance.open == 0 && !instance.used) {
      instance.becameIdle(walk.time.read(), timeout());
    }
  }

  private void toldExited(DeploymentEvent.InstanceExited event) {
    SimulatedMachine machine = walk.world.machines.get(event.instanceId());
    walk.check(
        machine != null && machine.exitedAt != SimulatedMachine.NEVER,
        () -> "an exit is told of what has ended, but " + event.instanceId() + " has not");
    minimumHeldUntil = Math.max(minimumHeldUntil, walk.time.read() + mostBackoff.toNanos());
  }

  private void toldReleasing(DeploymentEvent.InstanceReleasing event) {
    WalkInstance instance = instance(event.instanceId());
    instance.told = WalkInstance.Told.RELEASING;
    instance.adopted |= event.reason() == ReleaseReason.ORPHANED;
    if (event.reason() != ReleaseReason.IDLE) {
      return;
    }
    walk.check(
        instance.open == 0,
        () -> instance.id + " is released as idle with " + instance.open + " leases open");
    walk.check(
        count(WalkInstance.Told.READY, instance.id) >= leastMinimum,
        () -> instance.id + " is released as idle although the minimum needs it");
    // For an adopted one the ledger knows better than this book when it was last used.
    boolean known = !instance.adopted || instance.used;
    walk.check(
        !known || walk.time.read() >= instance.idleDueAtFirst(),
        () ->
            instance.id
                + " is released as idle before its time, which comes in "
                + (instance.idleDueAtFirst() - walk.time.read()) / 1e6
                + " ms");
  }

  private void toldReleased(DeploymentEvent.InstanceReleased event) {
    WalkInstance instance = instance(event.instanceId());
    walk.check(
        instance.told != WalkInstance.Told.GONE,
        () -> "a release is told once, but again of " + instance.id);
    instance.told = WalkInstance.Told.GONE;
    SimulatedMachine machine = walk.world.machines.get(instance.id);
    walk.check(
        machine == null || !machine.exists() || machine.hidden,
        () -> "released means gone, but " + instance.id + " still exists");
    walk.check(
        machine == null
            || instance.adopted
            || machine.releaseConfirmedAt == walk.time.read()
            || engine.mayBeLate(machine),
        () -> "released is told at once, but " + instance.id + " was gone before");
  }

  // The checks when nothing more happens at this moment.

  void check() {
    atRest();
    DeploymentStatus status = deployment().status();
    checkWaiters(status);
    checkStarts(status);
    refusals.checkAtRest(status);
    checkInstances(status);
    instances.values().removeIf(i -> i.told == WalkInstance.Told.GONE && i.open == 0);
  }

  private void atRest() {
    mostWaiting = waiters.size();
    mostConcurrency = spec.concurrency();
    leastConcurrency = spec.concurrency();
    mostMinimum = spec.minInstances();
    leastMinimum = spec.minInstances();
    mostBackoff = spec.startBackoff();
  }

  private void checkWaiters(DeploymentStatus status) {
    long now = walk.time.read();
    boolean anyWaits = false;
    for (WalkWaiter waiter : waiters) {
      anyWaits |= waiter.takesAny();
      walk.check(now < waiter.deadline, () -> id() + ": " + waiter + " waits beyond the deadline");
    }
    walk.check(
        status.pending() == waiters.size(),
        () -> id() + ": " + status.pending() + " wait, but asked have " + waiters);
    walk.check(
        status.requests() == asked, () -> id() + ": " + asked + " asked, not " + status.requests());
    boolean waits = anyWaits;
    for (InstanceInfo info : status.instances()) {
      walk.check(
          !waits || info.phase() != InstancePhase.READY || info.inFlight() >= spec.concurrency(),
          () -> id() + ": somebody waits although " + info.id() + " has room");
    }
  }

  /** What waiting callers and the minimum need is there or starting, as far as there is place. */
  private void checkStarts(DeploymentStatus status) {
    boolean mayStart =
        !isRemoving()
            && status.instances().size() < spec.maxInstances()
            && status.backoffUntil() == null;
    if (!mayStart) {
      return;
    }
    int ready = status.count(InstancePhase.READY);
    int starting = status.count(InstancePhase.STARTING);
    int waiting = 0;
    for (WalkWaiter waiter : waiters) {
      waiting += waiter.takesAny() ? 1 : 0;
    }
    // A wake starts one, for as many as wait; beside a ready one each has room for so many.
    long served =
        ready > 0 ? (long) starting * spec.concurrency() : starting > 0 ? Long.MAX_VALUE : 0;
    int any = waiting;
    walk.check(
        waiting <= served,
        () -> id() + ": " + any + " wait, and nothing is started for them: " + status);
    walk.check(
        ready + starting >= spec.minInstances() || walk.time.read() < minimumHeldUntil,
        () -> id() + ": at least " + spec.minInstances() + " are to be there: " + status);
  }

  private void checkInstances(DeploymentStatus status) {
    long now = walk.time.read();
    int ready = status.count(InstancePhase.READY);
    int inFlight = 0;
    for (InstanceInfo info : status.instances()) {
      WalkInstance instance = instance(info.id());
      inFlight += info.inFlight();
      boolean counts =
          info.phase() == InstancePhase.READY || info.phase() == InstancePhase.DRAINING;
      int expected = counts ? instance.open : 0;
      walk.check(
          info.inFlight() == expected,
          () -> info.id() + " has " + expected + " leases open, not " + info.inFlight());
      if (info.phase() == InstancePhase.READY
          && instance.open == 0
          && ready > spec.minInstances()) {
        walk.check(now < instance.idleDueAtLast(), () -> info.id() + " is idle beyond its time");
      }
    }
    int sum = inFlight;
    walk.check(
        status.inFlight() == sum,
        () -> id() + ": " + sum + " in flight on instances, but " + status.inFlight() + " in all");
    InstanceStatus expected =
        status.instances().isEmpty()
            ? InstanceStatus.STANDBY
            : ready > 0 ? InstanceStatus.RUNNING : InstanceStatus.IDLE;
    walk.check(
        status.status() == expected, () -> id() + " is " + expected + ", not " + status.status());
    for (Held held : leases) {
      walk.check(
          (held.instance.told != WalkInstance.Told.RELEASING
                  && held.instance.told != WalkInstance.Told.GONE)
              || held.lost == null
              || held.lost.toCompletableFuture().isDone(),
          () -> "a lease tells that its instance is lost, but not that of " + held.instance.id);
    }
  }

  void checkAtRest() {
    walk.check(waiters.isEmpty(), () -> id() + ": in the end nobody waits, but " + waiters + " do");
    walk.check(
        deployment().status().inFlight() == 0, () -> id() + ": in the end nothing is in flight");
    walk.check(!isRemoving() || isRemoved(), () -> id() + ": in the end a removal is complete");
  }

  void checkClosed() {
    walk.check(
        waiters.isEmpty(), () -> id() + ": after close() nobody waits, but " + waiters + " do");
  }

  void checkRefusedAfterClose() {
    CompletableFuture<Lease> late = deployment().acquire();
    walk.time.runReady();
    late.whenComplete(
        (lease, error) ->
            walk.check(
                error != null
                    && Unwrap.cause(error) instanceof AutoDeployException e
                    && (e.code() == ErrorCode.CLOSED || e.code() == ErrorCode.DEPLOYMENT_NOT_FOUND),
                () -> id() + ": after close() a request is refused"));
    walk.check(late.isDone(), () -> id() + ": after close() a request is refused at once");
  }

  /** Compares the cost, at one dollar a second, with what the ledger has. */
  void checkCost(Map<String, List<UsageInterval>> ends) {
    List<UsageInterval> usage = deployment().usage(Instant.MIN, Instant.MAX);
    BigDecimal seconds = BigDecimal.ZERO;
    for (UsageInterval interval : usage) {
      walk.check(
          ends.getOrDefault(interval.instanceId(), List.of()).contains(interval),
          () -> "usage is what the ledger has, but " + interval + " is not");
      seconds = seconds.add(BigDecimal.valueOf(interval.duration().toNanos(), 9));
    }
    checkNothingForgotten(ends, Set.copyOf(usage));
    Cost cost = deployment().cost();
    BigDecimal off = cost.total().amount().subtract(seconds).abs();
    BigDecimal sum = seconds;
    walk.check(
        off.compareTo(new BigDecimal("0.000001")) < 0,
        () -> id() + ": the cost is that of the usage, " + sum + ", not " + cost.total());
  }

  private void checkNothingForgotten(
      Map<String, List<UsageInterval>> ends, Set<UsageInterval> usage) {
    if (isRemoving()) {
      return; // what was found of it later is counted elsewhere
    }
    Instant createdAt = deployment().createdAt();
    for (List<UsageInterval> intervals : ends.values()) {
      for (UsageInterval interval : intervals) {
        // By both clocks: an earlier deployment of the name may seem to be later by a stepped one.
        SimulatedMachine machine = walk.world.machines.get(interval.instanceId());
        boolean own =
            interval.deployment().equals(name)
                && !interval.startRequestedAt().isBefore(createdAt)
                && machine != null
                && machine.startedAt > engine.deployedAt(name);
        walk.check(
            !own || usage.contains(interval),
            () -> "what the ledger has is in the usage, but " + interval + " is not");
      }
    }
  }

  // Small things.

  private WalkInstance instance(String id) {
    return instances.computeIfAbsent(id, WalkInstance::new);
  }

  private int count(WalkInstance.Told told, String except) {
    int count = 0;
    for (WalkInstance instance : instances.values()) {
      if (instance.told == told && !instance.id.equals(except)) {
        count++;
      }
    }
    return count;
  }

  private long timeout() {
    IdlePolicy policy = spec.idlePolicy();
    if (policy == null) {
      return IdlePolicy.DEFAULT_TIMEOUT.toNanos();
    }
    return policy.idleTimeout(NoHistory.INSTANCE).map(Duration::toNanos).orElse(WalkInstance.NEVER);
  }

  private String id() {
    return engine.owner + "/" + name;
  }

  static String describe(DeploymentSpec spec) {
    return spec.name()
        + " "
        + spec.startCommand()
        + " instances "
        + spec.minInstances()
        + ".."
        + spec.maxInstances()
        + " concurrency "
        + spec.concurrency()
        + " maxPending "
        + spec.maxPending()
        + " idle "
        + spec.idlePolicy()
        + " startTimeout "
        + Walk.text(spec.startTimeout())
        + " backoff "
        + Walk.text(spec.startBackoff());
  }

  /** The drawn policies do not look at it. */
  private enum NoHistory implements UsageHistory {
    INSTANCE;

    @Override
    public String deployment() {
      return "";
    }

    @Override
    public List<Duration> recentGaps() {
      return List.of();
    }

    @Override
    public List<Duration> recentStartDurations() {
      return List.of();
    }
  }
}
