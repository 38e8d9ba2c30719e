package dev.autodeploy.testing;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.LedgerEntry;
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

  private final WalkStore store = new WalkStore();
  private final int deploymentCount;
  private final Map<String, WalkDeployment> deployments = new LinkedHashMap<>();

  /** When an engine of this owner was last killed or closed: to tell which lives a restart cut. */
  private final List<Long> restarts = new ArrayList<>();

  /** When the engine reported each instance gone, by {@link ManualTime#read()}. */
  private final Map<String, Long> reportedGone = new HashMap<>();

  /** The instances of which an event told why they were started. */
  private final Set<String> explained = new HashSet<>();

  private ManualProcess process;
  private SimulatedProvider connection;
  private @Nullable AutoDeploy autoDeploy;
  private boolean closing;
  private int revisions;

  WalkEngine(Walk walk, String owner, int deploymentCount) {
    this.walk = walk;
    this.owner = owner;
    this.deploymentCount = deploymentCount;
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

  int nextRevision() {
    return ++revisions;
  }

  // What happens to the engine.

  private void build(WalkDraw draw) {
    closing = false;
    ManualProcess current = walk.time.newProcess();
    process = current;
    AutoDeploy.Builder builder =
        AutoDeploy.builder()
            .provider(connection)
            .owner(owner)
            .stateStore(store.open())
            .costMeter(CostMeter.perHour("3600", "USD"))
            .leaveInstancesOnClose(draw.chance(30))
            .drainTimeout(Duration.ofSeconds(5))
            .releaseTimeout(Duration.ofHours(1))
            .listener(event -> told(current, event));
    autoDeploy = current.build(builder, draw.random.nextLong());
  }

  private void deploy(WalkDraw draw, String name) {
    DeploymentSpec spec = draw.spec(name, nextRevision());
    walk.trace.add(() -> owner + ": deploy " + WalkDeployment.describe(spec));
    WalkDeployment deployment = new WalkDeployment(walk, this, spec);
    deployments.remove(name);
    deployments.put(name, deployment);
    deployment.attach(autoDeploy().deploy(spec));
  }

  /** Deploys one of those that were removed; or removes one, if none is missing. */
  void redeploy(WalkDraw draw) {
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
      walk.trace.add(() -> owner + ": kill");
      process.kill();
      store.cut();
      connection = connection.reconnect();
      restarts.add(walk.time.read());
      if (draw.chance(50)) {
        walk.time.advance(draw.pause());
      }
    } else {
      walk.trace.add(() -> owner + ": close");
      shutDown();
      connection = walk.provider.newConnection();
    }
    Map<String, WalkDeployment> before = new LinkedHashMap<>(deployments);
    before.values().removeIf(WalkDeployment::isRemoving);
    deployments.clear();
    // The books have to be there before the engine: it tells of what it adopts while it is built.
    before.forEach(
        (name, old) -> deployments.put(name, new WalkDeployment(walk, this, old.spec())));
    walk.trace.add(() -> owner + ": build");
    build(draw);
    restarts.add(walk.time.read());
    checkRestored(before);
    for (WalkDeployment deployment : deployments.values()) {
      deployment.attach(autoDeploy().deployment(deployment.name()));
    }
  }

  private void checkRestored(Map<String, WalkDeployment> before) {
    List<DeploymentSpec> expected = before.values().stream().map(WalkDeployment::spec).toList();
    List<DeploymentSpec> restored =
        autoDeploy().deployments().stream().map(Deployment::spec).toList();
    walk.check(
        restored.equals(expected),
        () -> "deployments survive a restart, but " + expected + " became " + restored);
  }

  private void shutDown() {
    closing = true;
    restarts.add(walk.time.read());
    walk.time.close(autoDeploy());
    walk.time.runReady();
    deployments.values().forEach(WalkDeployment::checkClosed);
    deployments.values().forEach(WalkDeployment::checkRefusedAfterClose);
    process.kill();
    store.cut();
  }

  // What happens to its deployments.

  void act(WalkDraw draw) {
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
  }

  private void told(ManualProcess from, DeploymentEvent event) {
    if (from != process || !from.isAlive()) {
      return;
    }
    walk.trace.add(() -> owner + ": " + event);
    if (event instanceof DeploymentEvent.InstanceStarting e) {
      explained.add(e.instanceId());
    } else if (event instanceof DeploymentEvent.InstanceReleased e) {
      reportedGone.put(e.instanceId(), walk.time.read());
    }
    WalkDeployment deployment = deployments.get(event.deployment());
    if (deployment != null) {
      deployment.told(event);
    }
  }

  void starting(StartRequest request) {
    String id = request.instanceId();
    walk.check(process.isAlive(), () -> "nothing is started after the engine has ended: " + id);
    walk.check(store.hasStart(id), () -> "the ledger has the start before anything can run: " + id);
    List<SimulatedMachine> existing = existing(request.deployment());
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
    Map<String, Integer> starts = new HashMap<>();
    Map<String, UsageInterval> ends = new HashMap<>();
    for (LedgerEntry entry : store.ledger()) {
      if (entry instanceof LedgerEntry.Started) {
        starts.merge(entry.instanceId(), 1, Integer::sum);
      } else if (entry instanceof LedgerEntry.Released released
          && ends.put(entry.instanceId(), released.usage()) != null) {
        walk.broken("the ledger has one line at the release, but two of " + entry.instanceId());
      }
    }
    for (SimulatedMachine machine : walk.world.machines.values()) {
      if (machine.request.owner().equals(owner)) {
        checkLedger(machine, starts, ends);
      }
    }
    starts.keySet().stream()
        .filter(id -> !ends.containsKey(id))
        .findFirst()
        .ifPresent(id -> walk.broken("the ledger has a line at the release, but none of " + id));
    for (WalkDeployment deployment : deployments.values()) {
      deployment.checkCost(ends);
    }
  }

  private void checkLedger(
      SimulatedMachine machine, Map<String, Integer> starts, Map<String, UsageInterval> ends) {
    String id = machine.request.instanceId();
    UsageInterval usage = ends.get(id);
    walk.check(
        starts.getOrDefault(id, 0) == 1, () -> "the ledger has one line at the start of " + id);
    if (usage == null) {
      walk.broken("the ledger has a line at the release, but none of " + id);
      return;
    }
    boolean cut = wasCut(machine);
    walk.check(cut || explained.contains(id), () -> "every start has a reason, but that of " + id);
    Long reported = reportedGone.get(id);
    if (!cut && reported != null) {
      walk.check(
          reported == machine.releaseConfirmedAt,
          () -> "released is reported when it is verified, but " + id + " later or earlier");
      long exact = reported - machine.startedAt;
      walk.check(
          usage.duration().toNanos() == exact,
          () ->
              "the ledger has every nanosecond of "
                  + id
                  + ": "
                  + usage.duration().toNanos()
                  + " of "
                  + exact);
      return;
    }
    // Over a restart the wall clock is all there is, and the end is known only from then on.
    long end = machine.exitedAt != SimulatedMachine.NEVER ? machine.exitedAt : machine.goneAt;
    long slack = walk.clockSteps.toNanos();
    walk.check(
        usage.duration().toNanos() >= end - machine.startedAt - slack,
        () ->
            "the ledger does not shrink over a restart: "
                + usage.duration()
                + " of "
                + id
                + ", which existed for "
                + Duration.ofNanos(end - machine.startedAt));
    long known =
        Math.max(reported == null ? machine.goneAt : reported, restartAfter(machine.goneAt));
    walk.check(
        usage.duration().toNanos() <= known - machine.startedAt + slack,
        () ->
            "the ledger counts no longer than until an instance is known gone: "
                + usage.duration()
                + " of "
                + id
                + ", known gone after "
                + Duration.ofNanos(known - machine.startedAt));
  }

  private long restartAfter(long moment) {
    for (long restart : restarts) {
      if (restart >= moment) {
        // A kill is followed by the build of the next engine, which is when it gets to know.
        int next = restarts.indexOf(restart) + 1;
        return next < restarts.size() ? restarts.get(next) : restart;
      }
    }
    return moment;
  }

  /** Returns whether the engine was restarted between the start of an instance and its end. */
  private boolean wasCut(SimulatedMachine machine) {
    for (long restart : restarts) {
      if (restart >= machine.startedAt && restart <= machine.goneAt) {
        return true;
      }
    }
    return false;
  }

  /** Completes when a removed deployment is forgotten. */
  CompletableFuture<Void> remove(String name) {
    return autoDeploy().remove(name);
  }
}
