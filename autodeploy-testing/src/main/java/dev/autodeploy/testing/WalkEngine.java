package dev.autodeploy.testing;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.StartRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One owner in a walk: its engine of the moment, what it has on disk, and its deployments. */
final class WalkEngine {
  final Walk walk;
  final String owner;

  private static final int BUILD_ATTEMPTS = 4;

  /**
   * The engine looks for orphans every half minute; a list that goes wrong takes a minute at most.
   */
  private static final long ORPHANS_FOUND_WITHIN = Duration.ofSeconds(31).toNanos();

  private static final long LIST_LIMIT = Duration.ofMinutes(1).toNanos();

  private final WalkStore store;
  private final int deploymentCount;
  private final Map<String, WalkDeployment> deployments = new LinkedHashMap<>();

  /** When an engine of this owner was last killed or closed: to tell which lives a restart cut. */
  private final List<Long> restarts = new ArrayList<>();

  /** When the engine reported each instance gone, by {@link ManualTime#read()}. */
  private final Map<String, Long> reportedGone = new HashMap<>();

  /** When each deployment was last made, or was to be, by {@link ManualTime#read()}. */
  private final Map<String, Long> deployedAt = new HashMap<>();

  /** The instances of which an event told why they were started. */
  private final Set<String> explained = new HashSet<>();

  private ManualProcess process;
  private SimulatedProvider connection;
  private @Nullable AutoDeploy autoDeploy;
  private boolean building;
  private boolean closing;
  private boolean died;
  private int revisions;
  private long lastListFault = Long.MIN_VALUE;
  private long builtAt;

  /** The instances of which the engine of the moment knows. */
  private final Set<String> known = new HashSet<>();

  WalkEngine(Walk walk, String owner, int deploymentCount) {
    this.walk = walk;
    this.owner = owner;
    this.deploymentCount = deploymentCount;
    this.store = new WalkStore(new Fate(), walk.time::read);
    this.process = walk.time.newProcess();
    this.connection = walk.provider.newConnection();
  }

  void start() {
    WalkDraw draw = WalkDraw.of(walk.seed, owner, 0);
    build(draw);
    for (int i = 0; i < deploymentCount; i++) {
      deploy(draw, "d" + i);
    }
  }

  AutoDeploy autoDeploy() {
    AutoDeploy current = autoDeploy;
    if (current == null) {
      throw new IllegalStateException("the engine is not running");
    }
    return current;
  }

  boolean isClosing() {
    return closing;
  }

  ManualProcess process() {
    return process;
  }

  /** Returns whether an engine is being made, which knows nothing yet. */
  boolean isBuilding() {
    return building;
  }

  boolean knows(SimulatedMachine machine) {
    return known.contains(machine.request.instanceId());
  }

  void listGoesWrong() {
    lastListFault = walk.time.read();
  }

  /** Returns whether what the lists said may have held back a release that was confirmed then. */
  boolean mayBeLate(SimulatedMachine machine) {
    return machine.hidden || lastListFault >= machine.releaseConfirmedAt;
  }

  private WalkStore.Write nextWrite() {
    WalkDraw draw = walk.fault(RandomWalk.Fault.STORE, "store", 10);
    if (draw == null) {
      return WalkStore.Write.WELL;
    }
    WalkStore.Write write = draw.badWrite(walk.faults.contains(RandomWalk.Fault.RESTART));
    walk.trace.add(() -> owner + ": the store's write: " + write);
    if (write == WalkStore.Write.DIES || write == WalkStore.Write.DIES_WRITTEN) {
      die();
    }
    return write;
  }

  private void die() {
    died = true;
    walk.restarts++;
    kill();
  }

  /** The process may die before any call; more often while the engine is built or closed. */
  private void beforeCall() {
    int perMille = building || closing ? 20 : 1;
    if (!died && walk.fault(RandomWalk.Fault.RESTART, "death", perMille) != null) {
      walk.trace.add(() -> owner + ": dies before a call");
      die();
      store.cut();
    }
  }

  private final class Fate implements WalkStore.Fate {
    @Override
    public WalkStore.Write next() {
      return nextWrite();
    }

    @Override
    public void called() {
      beforeCall();
    }
  }

  int nextRevision() {
    return ++revisions;
  }

  // What happens to the engine.

  /** Builds an engine; what makes that fail is tried again, as a host application would. */
  private void build(WalkDraw draw) {
    closing = false;
    building = true;
    int failures = 0;
    while (true) {
      died = false;
      walk.trace.add(() -> owner + ": build");
      known.clear();
      ManualProcess current = walk.time.newProcess();
      process = current;
      try {
        autoDeploy = current.build(builder(current, draw), draw.random.nextLong());
        if (!died) {
          building = false;
          builtAt = walk.time.read();
          return;
        }
      } catch (RuntimeException e) {
        walk.trace.add(() -> owner + ": the engine is not built: " + e.getMessage());
        if (!died && (!isExpected(e) || ++failures == BUILD_ATTEMPTS)) {
          throw e;
        }
      }
      if (!died) {
        process.kill();
        store.cut();
        connection = walk.provider.newConnection();
        restarts.add(walk.time.read());
      }
    }
  }

  private static boolean isExpected(RuntimeException e) {
    return e instanceof AutoDeployException failure
        && (failure.code() == ErrorCode.PROVIDER_FAILED
            || failure.code() == ErrorCode.STATE_FAILED);
  }

  private AutoDeploy.Builder builder(ManualProcess current, WalkDraw draw) {
    return AutoDeploy.builder()
        .provider(new WalkProvider(connection, current, this::beforeCall))
        .owner(owner)
        .stateStore(store.open())
        .costMeter(CostMeter.perHour("3600", "USD"))
        .leaveInstancesOnClose(draw.chance(30))
        .drainTimeout(Duration.ofSeconds(5))
        .releaseTimeout(Duration.ofHours(1))
        .listener(event -> told(current, event));
  }

  private void deploy(WalkDraw draw, String name) {
    DeploymentSpec spec = draw.spec(name, nextRevision());
    walk.trace.add(() -> owner + ": deploy " + WalkDeployment.describe(spec));
    WalkDeployment before = deployments.remove(name);
    WalkDeployment deployment = new WalkDeployment(walk, this, spec);
    deployments.put(name, deployment);
    deployedAt.put(name, walk.time.read());
    if (!mayFail(() -> deployment.attach(autoDeploy().deploy(spec)))) {
      deployments.remove(name);
      if (before != null) {
        deployments.put(name, before);
      }
    }
  }

  /** Does what needs the store; returns false if that failed, and nothing may have changed. */
  boolean mayFail(Runnable action) {
    try {
      action.run();
      return true;
    } catch (AutoDeployException e) {
      boolean expected = died || walk.faults.contains(RandomWalk.Fault.STORE);
      if (e.code() != ErrorCode.STATE_FAILED || !expected) {
        throw e;
      }
      walk.trace.add(() -> owner + ": fails: " + e.getMessage());
      return false;
    }
  }

  /** Deploys one of those that were removed; or removes one, if none is missing. */
  void redeploy(WalkDraw draw) {
    if (died) {
      return;
    }
    for (int i = 0; i < deploymentCount; i++) {
      String name = "d" + i;
      WalkDeployment existing = deployments.get(name);
      boolean free = existing == null || existing.isRemoved();
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
      kill();
      if (draw.chance(50)) {
        walk.time.advance(draw.pause());
      }
    } else {
      walk.trace.add(() -> owner + ": close");
      shutDown();
      if (!died) {
        connection = walk.provider.newConnection();
      }
    }
    rebuild(draw);
  }

  private void kill() {
    walk.trace.add(() -> owner + ": kill");
    process.kill();
    connection = connection.reconnect();
    restarts.add(walk.time.read());
  }

  /** Returns whether the process has died by itself and was not started again. */
  boolean isDead() {
    return died;
  }

  /** Starts the engine again if it has died by itself. */
  void rebuildIfDead() {
    if (died) {
      rebuild(WalkDraw.of(walk.seed, owner, restarts.size()));
    }
  }

  private void rebuild(WalkDraw draw) {
    died = false;
    store.cut();
    Map<String, WalkDeployment> before = new LinkedHashMap<>(deployments);
    before.values().removeIf(WalkDeployment::isRemoving);
    List<DeploymentSpec> expected =
        store.isUncertain()
            ? store.state().deployments().stream().map(stored -> stored.spec()).toList()
            : before.values().stream().map(WalkDeployment::spec).toList();
    deployments.clear();
    // The books have to be there before the engine: it tells of what it adopts while it is built.
    expected.forEach(spec -> deployments.put(spec.name(), new WalkDeployment(walk, this, spec)));
    build(draw);
    restarts.add(walk.time.read());
    checkRestored(expected);
    for (WalkDeployment deployment : deployments.values()) {
      deployment.attach(autoDeploy().deployment(deployment.name()));
    }
  }

  /** Tries to start another engine of the same owner at the same time. */
  void second(WalkDraw draw) {
    if (died) {
      return;
    }
    walk.trace.add(() -> owner + ": build a second engine");
    ManualProcess other = walk.time.newProcess();
    AutoDeploy.Builder builder =
        AutoDeploy.builder().provider(walk.provider.newConnection()).owner(owner);
    try {
      other.build(builder, draw.random.nextLong());
      walk.broken("a second engine of an owner is refused, but that of " + owner + " was built");
    } catch (AutoDeployException e) {
      walk.check(
          e.code() == ErrorCode.OWNER_IN_USE,
          () -> "a second engine of an owner is told so, but that of " + owner + " got " + e);
    }
    other.kill();
  }

  private void checkRestored(List<DeploymentSpec> expected) {
    List<DeploymentSpec> restored =
        autoDeploy().deployments().stream().map(Deployment::spec).toList();
    walk.check(
        restored.equals(expected),
        () -> "deployments survive a restart, but " + expected + " became " + restored);
  }

  private void shutDown() {
    closing = true;
    restarts.add(walk.time.read());
    try {
      process.close(autoDeploy());
    } catch (AutoDeployException e) {
      if (!died && e.code() != ErrorCode.STATE_FAILED) { // the store may refuse the last entries
        throw e;
      }
    } catch (RuntimeException e) {
      if (!died) {
        throw e;
      }
    }
    if (died) {
      return; // what it left is the next engine's
    }
    walk.time.runReady();
    deployments.values().forEach(WalkDeployment::checkClosed);
    deployments.values().forEach(WalkDeployment::checkRefusedAfterClose);
    process.kill();
    store.cut();
  }

  // What happens to its deployments.

  void act(WalkDraw draw) {
    if (died) {
      return;
    }
    List<WalkDeployment> all = List.copyOf(deployments.values());
    WalkDeployment chosen = all.isEmpty() ? null : draw.any(all);
    if (chosen == null || (chosen.isRemoved() && draw.chance(30))) {
      redeploy(draw);
    } else {
      chosen.act(draw);
    }
  }

  /** Returns how long it is until something is due in one of the deployments. */
  Optional<Duration> deadline(WalkDraw draw) {
    List<WalkDeployment> all = List.copyOf(deployments.values());
    return all.isEmpty() ? Optional.empty() : draw.any(all).deadline(draw);
  }

  void check() {
    for (WalkDeployment deployment : deployments.values()) {
      deployment.check();
    }
    walk.world.existing.values().forEach(this::checkOrphan);
  }

  /** What exists is known, or gets known as soon as the lists are as they should be. */
  private void checkOrphan(SimulatedMachine machine) {
    String id = machine.request.instanceId();
    if (!machine.request.owner().equals(owner) || known.contains(id)) {
      return;
    }
    long listedAt = machine.startedAt + machine.plan.listedAfter.toNanos();
    long lists = lastListFault == Long.MIN_VALUE ? listedAt : lastListFault + LIST_LIMIT;
    long since = Math.max(Math.max(builtAt, listedAt), lists);
    long given = Math.max(since, reportedGone.getOrDefault(id, since)) + ORPHANS_FOUND_WITHIN;
    walk.check(
        walk.time.read() <= given,
        () -> "an orphan is found within half a minute, but " + id + " is not");
  }

  private void told(ManualProcess from, DeploymentEvent event) {
    if (from != process || !from.isAlive()) {
      return;
    }
    walk.trace.add(() -> owner + "/" + event.deployment() + ": " + brief(event));
    if (event instanceof DeploymentEvent.InstanceReleasing e) {
      getsToKnow(e.instanceId());
    } else if (event instanceof DeploymentEvent.InstanceStarting e) {
      getsToKnow(e.instanceId());
      explained.add(e.instanceId());
    } else if (event instanceof DeploymentEvent.InstanceReleased e) {
      known.remove(e.instanceId());
      reportedGone.put(e.instanceId(), walk.time.read());
    }
    WalkDeployment deployment = deployments.get(event.deployment());
    if (deployment != null) {
      deployment.told(event);
    }
  }

  private void getsToKnow(String instanceId) {
    known.add(instanceId);
    SimulatedMachine machine = walk.world.machines.get(instanceId);
    if (machine != null) {
      machine.found();
    }
  }

  /** Returns an event without what its line says anyway. */
  private static String brief(DeploymentEvent event) {
    return event.toString().replaceFirst("at=[^,\\]]+, deployment=[^,\\]]+(, )?", "");
  }

  void starting(StartRequest request) {
    String id = request.instanceId();
    known.add(id);
    walk.check(process.isAlive(), () -> "nothing is started after the engine has ended: " + id);
    walk.check(store.hasStart(id), () -> "the ledger has the start before anything can run: " + id);
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
  }

  void releasing(SimulatedMachine machine) {
    WalkDeployment deployment = deployments.get(machine.request.deployment());
    if (deployment != null) {
      deployment.releasing(machine);
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
    for (WalkDeployment deployment : List.copyOf(deployments.values())) {
      deployment.quiet();
    }
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
    deployments.values().forEach(WalkDeployment::checkAtRest);
    checkLedger();
  }

  void close() {
    walk.trace.add(() -> owner + ": close");
    shutDown();
  }

  private void checkLedger() {
    WalkLedger ledger = new WalkLedger(walk, this, store);
    ledger.check();
    for (WalkDeployment deployment : deployments.values()) {
      deployment.checkCost(ledger.ends());
    }
  }

  long deployedAt(String deployment) {
    return deployedAt.getOrDefault(deployment, 0L);
  }

  boolean isExplained(String instanceId) {
    return explained.contains(instanceId);
  }

  /** Returns when the engine reported an instance gone, or null. */
  @Nullable Long reportedGone(String instanceId) {
    return reportedGone.get(instanceId);
  }

  /** Returns whether an engine ended or began between two moments. */
  boolean restartedBetween(long from, long to) {
    return restarts.stream().anyMatch(restart -> restart >= from && restart <= to);
  }

  /** Completes when a removed deployment is forgotten. */
  CompletableFuture<Void> remove(String name) {
    return autoDeploy().remove(name);
  }
}
