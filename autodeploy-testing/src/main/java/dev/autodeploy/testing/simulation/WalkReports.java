package dev.autodeploy.testing.simulation;

import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.testing.ManualTime;
import dev.autodeploy.testing.world.SimulatedMachine;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The reports of the engines of one owner about their instances: of which the engine of the moment
 * knows, why each was started, and when it was gone.
 */
final class WalkReports {
  /**
   * The engine looks for orphans every half minute; a list that goes wrong takes a minute at most.
   */
  private static final long ORPHANS_FOUND_WITHIN = Duration.ofSeconds(31).toNanos();

  private static final long LIST_LIMIT = Duration.ofMinutes(1).toNanos();

  private final Walk walk;
  private final String owner;

  /** The instances of which the engine of the moment knows. */
  private final Set<String> known = new HashSet<>();

  /** The instances of which an event told why they were started. */
  private final Set<String> explained = new HashSet<>();

  /** The time at which the engine reported each instance gone, by {@link ManualTime#read()}. */
  private final Map<String, Long> reportedGone = new HashMap<>();

  private long builtAt;
  private long lastListFault = Long.MIN_VALUE;

  WalkReports(Walk walk, String owner) {
    this.walk = walk;
    this.owner = owner;
  }

  /** An engine begins to be built, which knows nothing yet. */
  void building() {
    known.clear();
  }

  void built() {
    builtAt = walk.time.read();
  }

  void starting(String instanceId) {
    known.add(instanceId);
  }

  void told(DeploymentEvent event) {
    if (event instanceof DeploymentEvent.InstanceReleasing e) {
      getsToKnow(e.instanceId());
    } else if (event instanceof DeploymentEvent.InstanceStarting e) {
      getsToKnow(e.instanceId());
      explained.add(e.instanceId());
    } else if (event instanceof DeploymentEvent.InstanceReleased e) {
      known.remove(e.instanceId());
      reportedGone.put(e.instanceId(), walk.time.read());
    }
  }

  private void getsToKnow(String instanceId) {
    known.add(instanceId);
    SimulatedMachine machine = walk.world.machines.get(instanceId);
    if (machine != null) {
      machine.found();
    }
  }

  void listGoesWrong() {
    lastListFault = walk.time.read();
  }

  boolean knows(SimulatedMachine machine) {
    return known.contains(machine.request.instanceId());
  }

  boolean isExplained(String instanceId) {
    return explained.contains(instanceId);
  }

  /** Returns when the engine reported an instance gone, or null. */
  @Nullable Long gone(String instanceId) {
    return reportedGone.get(instanceId);
  }

  /** Returns whether what the lists said may have held back a release that was confirmed then. */
  boolean mayBeLate(SimulatedMachine machine) {
    return machine.hidden || lastListFault >= machine.releaseConfirmedAt;
  }

  void check() {
    walk.world.existing.values().forEach(this::checkOrphan);
  }

  /** Checks that every existing instance is known, or gets known once the lists are correct. */
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
}
