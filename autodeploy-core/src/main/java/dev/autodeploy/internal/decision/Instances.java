package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.ASLEEP;
import static dev.autodeploy.InstancePhase.FALLING_ASLEEP;
import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.InstancePhase.STARTING;
import static dev.autodeploy.InstancePhase.WAKING;

import dev.autodeploy.DeploymentState;
import dev.autodeploy.InstancePhase;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The instances of one deployment that exist, oldest first. */
final class Instances {
  /** Made for the first instance: most deployments of a host with many are on standby. */
  private List<Instance> instances = List.of();

  /** Returns a view of the instances. */
  List<Instance> all() {
    return Collections.unmodifiableList(instances);
  }

  void add(Instance instance) {
    if (instances.isEmpty()) {
      instances = new ArrayList<>(1);
    }
    instances.add(instance);
  }

  void remove(Instance instance) {
    if (instances.size() > 1) {
      instances.remove(instance);
    } else if (instances.contains(instance)) {
      instances = List.of();
    }
  }

  int size() {
    return instances.size();
  }

  boolean isEmpty() {
    return instances.isEmpty();
  }

  int count(InstancePhase phase) {
    int count = 0;
    for (Instance instance : instances) {
      if (instance.is(phase)) {
        count++;
      }
    }
    return count;
  }

  /** Returns how many take requests, now or soon, or would if they were woken. */
  int alive() {
    return awake() + count(ASLEEP) + count(FALLING_ASLEEP);
  }

  /** Returns how many take requests, now or as soon as they are ready. */
  int awake() {
    return count(READY) + coming();
  }

  /** Returns how many start or are being woken. */
  int coming() {
    return count(STARTING) + count(WAKING);
  }

  DeploymentState state() {
    if (instances.isEmpty()) {
      return DeploymentState.STANDBY;
    }
    return count(READY) > 0 ? DeploymentState.RUNNING : DeploymentState.IDLE;
  }

  @Nullable Instance find(String instanceId) {
    for (Instance instance : instances) {
      if (instance.id.equals(instanceId)) {
        return instance;
      }
    }
    return null;
  }

  /** Returns the ready instance that serves the fewest, or null if none has room. */
  @Nullable Instance leastLoaded() {
    Instance best = null;
    for (Instance instance : instances) {
      if (instance.takesMore() && (best == null || instance.inFlight < best.inFlight)) {
        best = instance;
      }
    }
    return best;
  }

  /** Returns the ready instance that serves the fewest, with room or without, or null. */
  @Nullable Instance leastUsed() {
    Instance best = null;
    for (Instance instance : instances) {
      if (instance.is(READY)
          && !instance.reserved
          && (best == null || instance.inFlight < best.inFlight)) {
        best = instance;
      }
    }
    return best;
  }

  /** Returns the ready instances: those with room if there are any, else all. */
  List<Instance> readyOnesThatTakeMore() {
    List<Instance> ready = instances.stream().filter(i -> i.is(READY)).toList();
    List<Instance> withRoom = ready.stream().filter(Instance::takesMore).toList();
    return withRoom.isEmpty() ? ready : withRoom;
  }

  /**
   * Returns the instances that take requests, or would, in the order in which they give way to a
   * lower maximum: starts not yet asked for, which are gone at once; those that sleep; other
   * starts, which serve nobody yet; idle instances; busy ones. The youngest first among equals.
   */
  List<Instance> shrinkOrder() {
    List<Instance> alive = new ArrayList<>(instances);
    alive.removeIf(i -> !i.is(READY) && !i.is(STARTING) && !i.isResting());
    Collections.reverse(alive);
    alive.sort(Comparator.comparingInt(Instances::shrinkPriority));
    return alive;
  }

  private static int shrinkPriority(Instance instance) {
    if (instance.is(STARTING)) {
      return instance.startAsked ? 2 : 0;
    }
    if (instance.inFlight > 0) {
      return 4;
    }
    return instance.is(ASLEEP) || instance.is(FALLING_ASLEEP) ? 1 : 3;
  }

  /** Returns for how many callers there will be room when those that start or wake are ready. */
  long requestsToCome() {
    long room = 0;
    for (Instance instance : instances) {
      if (instance.is(STARTING) || instance.is(WAKING)) {
        room += Math.max(0, instance.spec.concurrency() - instance.bound.size());
      }
    }
    return room;
  }

  /** Returns the lowest slot that no instance holds. */
  int freeSlot() {
    int slot = 0;
    while (isTaken(slot)) {
      slot++;
    }
    return slot;
  }

  boolean isTaken(int slot) {
    return instances.stream().anyMatch(i -> i.slot == slot);
  }
}
