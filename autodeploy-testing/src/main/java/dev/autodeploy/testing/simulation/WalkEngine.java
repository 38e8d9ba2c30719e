package dev.autodeploy.testing.simulation;

import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.spi.StartRequest;
import dev.autodeploy.testing.ManualTime;
import dev.autodeploy.testing.world.GpuUse;
import dev.autodeploy.testing.world.SimulatedMachine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One owner in a walk: its process of the moment, what its engines told, and its deployments. */
final class WalkEngine {
  final Walk walk;
  final String owner;
  final WalkReports reports;
  final WalkProcess process;
  final WalkBudget budget;

  private final int deploymentCount;
  private final Map<String, WalkDeployment> deployments = new LinkedHashMap<>();

  /**
   * The time at which each deployment was last made, or was to be, by {@link ManualTime#read()}.
   */
  private final Map<String, Long> deployedAt = new HashMap<>();

  private int revisions;

  WalkEngine(Walk walk, String owner, int deploymentCount) {
    this.walk = walk;
    this.owner = owner;
    this.deploymentCount = deploymentCount;
    this.reports = new WalkReports(walk, owner);
    this.budget = new WalkBudget(walk, this);
    this.process =
        new WalkProcess(walk, owner, reports, budget::built, this::told, this::meanwhile);
  }

  // What happens to the engine.

  void start() {
    WalkDraw draw = WalkDraw.of(walk.seed, owner, 0);
    process.build(draw);
    for (int i = 0; i < deploymentCount; i++) {
      deploy(draw, "d" + i);
    }
  }

  int nextRevision() {
    return ++revisions;
  }

  private void deploy(WalkDraw draw, String name) {
    DeploymentSpec spec = draw.spec(name, nextRevision(), walk.gpus());
    walk.trace.add(() -> owner + ": deploy " + WalkDeployment.describe(spec));
    WalkDeployment before = deployments.remove(name);
    WalkDeployment deployment = new WalkDeployment(this, spec);
    deployment.book.before = before;
    deployments.put(name, deployment);
    deployedAt.put(name, walk.time.read());
    if (!process.mayFail(() -> deployment.book.attach(process.autoDeploy().deploy(spec)))) {
      deployments.remove(name);
      if (before != null) {
        deployments.put(name, before);
      }
    }
  }

  /** Deploys one of those that were removed; or removes one, if none is missing. */
  void redeploy(WalkDraw draw) {
    if (process.isDead()) {
      return;
    }
    for (int i = 0; i < deploymentCount; i++) {
      String name = "d" + i;
      WalkDeployment existing = deployments.get(name);
      boolean free = existing == null || existing.book.isRemoved();
      if (free && existing(name).isEmpty()) {
        deploy(draw, name);
        return;
      }
    }
    if (!deployments.isEmpty()) {
      draw.any(List.copyOf(deployments.values())).remove();
    }
  }

  void restart(WalkDraw draw) {
    walk.restarts++;
    if (draw.chance(75)) {
      process.kill();
      if (draw.chance(50)) {
        walk.time.advance(draw.pause());
      }
    } else {
      close();
    }
    rebuild(draw);
  }

  void close() {
    process.close();
    if (process.isDead()) {
      return; // what it left is the next engine's
    }
    walk.time.runReady();
    if (process.isDead()) {
      return; // it died at a list that was asked for before the engine was closed
    }
    deployments.values().forEach(deployment -> deployment.checks.checkClosed());
    deployments.values().forEach(deployment -> deployment.checks.checkRefusedAfterClose());
    process.end();
  }

  /** Starts the engine again if its process has died by itself. */
  void rebuildIfDead() {
    if (process.isDead()) {
      rebuild(WalkDraw.of(walk.seed, owner, process.restarts()));
    }
  }

  private void rebuild(WalkDraw draw) {
    process.bury();
    Map<String, WalkDeployment> before = new LinkedHashMap<>(deployments);
    before.values().removeIf(deployment -> deployment.book.isRemoving());
    List<DeploymentSpec> expected =
        process.store.isUncertain()
            ? process.store.state().deployments().stream().map(stored -> stored.spec()).toList()
            : before.values().stream().map(deployment -> deployment.book.spec).toList();
    deployments.clear();
    // The books have to be there before the engine: it tells of what it adopts while it is built.
    for (DeploymentSpec spec : expected) {
      WalkDeployment deployment = new WalkDeployment(this, spec);
      deployment.book.created = true;
      deployments.put(spec.name(), deployment);
    }
    process.rebuild(draw);
    budget.rebuilt();
    checkRestored(inStoredOrder(expected));
    for (WalkDeployment deployment : deployments.values()) {
      deployment.book.attach(process.autoDeploy().deployment(deployment.book.name));
    }
  }

  /** One that was saved once more after a removal that failed is behind all others. */
  private List<DeploymentSpec> inStoredOrder(List<DeploymentSpec> specs) {
    List<String> order =
        process.store.state().deployments().stream().map(stored -> stored.spec().name()).toList();
    return specs.stream()
        .sorted(Comparator.comparingInt(spec -> order.indexOf(spec.name())))
        .toList();
  }

  private void checkRestored(List<DeploymentSpec> expected) {
    List<DeploymentSpec> restored =
        process.autoDeploy().deployments().stream().map(Deployment::spec).toList();
    walk.check(
        restored.equals(expected),
        () -> "deployments survive a restart, but " + expected + " became " + restored);
  }

  // What happens to its deployments.

  void act(WalkDraw draw) {
    if (process.isDead()) {
      return;
    }
    List<WalkDeployment> all = List.copyOf(deployments.values());
    WalkDeployment chosen = all.isEmpty() ? null : draw.any(all);
    if (chosen == null || (chosen.book.isRemoved() && draw.chance(30))) {
      redeploy(draw);
    } else {
      chosen.act(draw);
    }
  }

  /** Lets somebody ask each deployment whose instances need one GPU. */
  void askForFew(WalkDraw draw) {
    ask(draw, false);
  }

  /** Lets somebody ask each deployment whose instances need several GPUs. */
  void askForMany(WalkDraw draw) {
    ask(draw, true);
  }

  private void ask(WalkDraw draw, boolean many) {
    for (WalkDeployment deployment : List.copyOf(deployments.values())) {
      GpuRequest gpu = deployment.book.spec.gpu();
      boolean wantsMany = gpu.count() > 1 || gpu.count() == GpuRequest.ALL;
      if (!process.isDead() && wantsMany == many) {
        deployment.ask(draw);
      }
    }
  }

  /** Lets everybody give up who waits, and closes all leases. */
  void calm() {
    if (!process.isDead()) {
      List.copyOf(deployments.values()).forEach(WalkDeployment::calm);
    }
  }

  /**
   * Lets somebody ask for an instance that is idle, while the engine is in the middle of a decision
   * that may be about that instance.
   */
  private void meanwhile() {
    List<WalkDeployment> all =
        deployments.values().stream().filter(it -> it.book.isIdle()).toList();
    WalkDraw draw = all.isEmpty() ? null : walk.meanwhile();
    if (draw != null) {
      draw.any(all).ask(draw);
    }
  }

  /** Returns how long it is until something is due in one of the deployments. */
  Optional<Duration> deadline(WalkDraw draw) {
    List<WalkDeployment> all = List.copyOf(deployments.values());
    return all.isEmpty() ? Optional.empty() : draw.any(all).deadline(draw);
  }

  void check() {
    for (WalkDeployment deployment : deployments.values()) {
      deployment.checks.check();
    }
    budget.check(deployments.values().stream().map(it -> it.book.deployment().status()).toList());
    reports.check();
  }

  private void told(DeploymentEvent event) {
    walk.trace.add(() -> owner + "/" + event.deployment() + ": " + brief(event));
    reports.told(event);
    WalkDeployment deployment = deployments.get(event.deployment());
    if (deployment == null) {
      return;
    }
    teller(deployment, event instanceof DeploymentEvent.Created).events.told(event);
  }

  /**
   * Returns whose event it is: one that was removed, and deployed again at once, may not have told
   * its last yet.
   */
  private static WalkDeployment teller(WalkDeployment newest, boolean created) {
    WalkDeployment after = null;
    WalkDeployment oldest = newest;
    for (WalkDeployment b = newest.book.before; b != null; b = b.book.before) {
      after = oldest;
      oldest = b;
    }
    if (created && oldest.book.created && after != null) {
      after.book.before = null;
      oldest = after;
    }
    oldest.book.created |= created;
    return oldest;
  }

  /** Returns an event without what its line says anyway. */
  private static String brief(DeploymentEvent event) {
    return event.toString().replaceFirst("at=[^,\\]]+, deployment=[^,\\]]+(, )?", "");
  }

  void starting(StartRequest request) {
    String id = request.instanceId();
    reports.starting(id);
    walk.check(
        process.current.isAlive(), () -> "nothing is started after the engine has ended: " + id);
    walk.check(
        process.store.hasStart(id),
        () -> "the ledger has the start before anything can run: " + id);
    List<SimulatedMachine> existing = existing(request.deployment());
    existing.removeIf(machine -> machine.hidden);
    int max = request.spec().maxInstances();
    walk.check(
        existing.size() < max,
        () ->
            "at most "
                + max
                + " instances of "
                + request.deployment()
                + " exist, but "
                + id
                + " is started beside "
                + existing.stream().map(machine -> machine.request.instanceId()).toList());
    walk.check(
        request.slot() >= 0
            && request.slot() < max
            && existing.stream().noneMatch(m -> m.request.slot() == request.slot()),
        () -> "a slot is held by one instance at a time: " + request.slot() + " of " + id);
    walk.check(
        request.spec().gpu().isNone() == request.gpus().isEmpty(),
        () -> "who asks for GPUs is given some, but " + id + " was given " + request.gpus());
    List<String> rivals = rivals(id, request);
    walk.check(
        rivals.isEmpty(),
        () -> "never more on a GPU than fits, but " + id + " is started on that of " + rivals);
    if (!process.isBuilding() && !process.isClosing()) {
      budget.starting(id, paid(id));
    }
    int all = known(id).size();
    int most = walk.maxInstances();
    walk.check(
        most == 0 || all < most,
        () -> "at most " + most + " of an engine exist, but " + id + " starts beside " + all);
  }

  /** Returns how many other instances are paid for that are not on their way out. */
  private int paid(String but) {
    int paid = 0;
    for (SimulatedMachine machine : known(but)) {
      boolean goes = machine.releaseAskedAt != SimulatedMachine.NEVER;
      paid += machine.isAsleep() || goes || machine.exitedAt != SimulatedMachine.NEVER ? 0 : 1;
    }
    return paid;
  }

  /** Returns how many instances there are, as far as the deployments know. */
  int instances() {
    int all = 0;
    for (WalkDeployment deployment : deployments.values()) {
      all += deployment.book.deployment().status().instances().size();
    }
    return all;
  }

  /** Returns this engine's instances, as far as it knows of them, beside which one does not fit. */
  private List<String> rivals(String id, StartRequest request) {
    List<SimulatedMachine> known = known(id);
    known.removeIf(SimulatedMachine::isAsleep);
    walk.check(
        known.stream().noneMatch(it -> startsBeside(it, request)),
        () -> "starts on a GPU run one after the other, but not that of " + request.instanceId());
    return GpuUse.inTheWay(request, known, walk.world.capacity);
  }

  /** Returns the other instances of this engine that exist, as far as it knows of them. */
  private List<SimulatedMachine> known(String but) {
    List<SimulatedMachine> known = new ArrayList<>();
    for (SimulatedMachine machine : walk.world.existing.values()) {
      WalkDeployment deployment = deployments.get(machine.request.deployment());
      if (machine.request.owner().equals(owner)
          && !machine.hidden
          && !machine.request.instanceId().equals(but)
          && deployment != null
          && deployment.book.instance(machine.request.instanceId()).told
              != WalkInstance.Told.GONE) {
        known.add(machine);
      }
    }
    return known;
  }

  /** An instance is told to wake. */
  void waking(SimulatedMachine machine) {
    List<String> rivals = rivals(machine.request.instanceId(), machine.request);
    walk.check(
        rivals.isEmpty(),
        () ->
            "never more on a GPU than fits, but "
                + machine.request.instanceId()
                + " is woken on that of "
                + rivals);
  }

  /** Returns whether an instance starts on a GPU of a request, by its status and by its events. */
  private boolean startsBeside(SimulatedMachine machine, StartRequest request) {
    WalkDeployment deployment = deployments.get(machine.request.deployment());
    if (deployment == null) {
      return false;
    }
    WalkBook book = deployment.book;
    String id = machine.request.instanceId();
    return machine.request.gpus().stream().anyMatch(request.gpus()::contains)
        && book.instance(id).told == WalkInstance.Told.STARTING
        && book.deployment().status().instances().stream()
            .anyMatch(it -> it.id().equals(id) && it.phase() == InstancePhase.STARTING);
  }

  /** Returns the deployments of which callers may wait for GPUs. */
  Collection<WalkDeployment> deployments() {
    return deployments.values();
  }

  void releasing(SimulatedMachine machine) {
    WalkDeployment deployment = deployments.get(machine.request.deployment());
    if (deployment != null) {
      deployment.events.releasing(machine);
    }
  }

  private List<SimulatedMachine> existing(String deployment) {
    List<SimulatedMachine> result = new ArrayList<>();
    for (SimulatedMachine machine : walk.world.existing.values()) {
      if (machine.request.owner().equals(owner)
          && machine.request.deployment().equals(deployment)) {
        result.add(machine);
      }
    }
    return result;
  }

  // The end.

  /** Lets everything come to rest: no minimum, a short idle time, no lease open. */
  void quiet() {
    budget.end();
    for (WalkDeployment deployment : List.copyOf(deployments.values())) {
      deployment.quiet();
    }
  }

  /** Lets everybody ask at once, who share what there is. */
  void askPatiently() {
    List.copyOf(deployments.values()).forEach(WalkDeployment::askPatiently);
  }

  void checkAtRest() {
    for (SimulatedMachine machine : walk.world.existing.values()) {
      if (machine.request.owner().equals(owner)) {
        walk.broken(
            "in the end nothing runs that nobody needs, but "
                + machine.request.instanceId()
                + " does");
      }
    }
    deployments.values().forEach(deployment -> deployment.checks.checkAtRest());
    checkLedger();
  }

  private void checkLedger() {
    WalkLedger ledger = new WalkLedger(this);
    ledger.check();
    for (WalkDeployment deployment : deployments.values()) {
      new WalkCost(deployment.book, ledger.ends()).check();
    }
  }

  long deployedAt(String deployment) {
    return deployedAt.getOrDefault(deployment, 0L);
  }
}
