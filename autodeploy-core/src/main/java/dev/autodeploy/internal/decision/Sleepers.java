package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.ASLEEP;
import static dev.autodeploy.InstancePhase.FALLING_ASLEEP;
import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.InstancePhase.WAKING;
import static dev.autodeploy.internal.decision.Instance.NEVER;
import static java.util.Objects.requireNonNull;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.SleepMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The instances that sleep, and the orders that put them to sleep and wake them. It has no state of
 * its own, and is made for each occasion.
 */
final class Sleepers {
  /** The time that an order may take beyond the timeouts of its requests. */
  private static final long MARGIN = Duration.ofSeconds(5).toNanos();

  /**
   * The order in which they are woken: first those for whom callers wait, then who sleeps already,
   * then who was used last.
   */
  private static final Comparator<Instance> WAKING_ORDER =
      Comparator.comparing((Instance instance) -> instance.bound.isEmpty())
          .thenComparing(instance -> !instance.is(ASLEEP))
          .thenComparing(instance -> instance.idleSince, Comparator.reverseOrder());

  private final Instances instances;
  private final Outbox outbox;

  Sleepers(Instances instances, Outbox outbox) {
    this.instances = instances;
    this.outbox = outbox;
  }

  /** Returns how many sleep, or are about to. */
  int count() {
    return instances.count(ASLEEP) + instances.count(FALLING_ASLEEP);
  }

  /** Returns for how many of them callers wait that want no other. */
  int named() {
    int named = 0;
    for (Instance instance : instances.all()) {
      if (isSleeper(instance) && !instance.bound.isEmpty()) {
        named++;
      }
    }
    return named;
  }

  static boolean isSleeper(@Nullable Instance instance) {
    return instance != null && (instance.is(ASLEEP) || instance.is(FALLING_ASLEEP));
  }

  /** Returns those that are to be woken if a number is needed, and those that callers named. */
  List<Instance> toWake(int needed) {
    List<Instance> sleepers = new ArrayList<>(instances.all());
    sleepers.removeIf(instance -> !isSleeper(instance));
    sleepers.sort(WAKING_ORDER);
    return sleepers.subList(0, Math.min(sleepers.size(), Math.max(needed, named())));
  }

  /** Returns the one that is asleep in a room that it gave up, or null. */
  @Nullable Instance in(Room room) {
    for (Instance instance : instances.all()) {
      boolean isIts = instance.room != null && instance.room.id() == room.id();
      if (isIts && instance.is(ASLEEP) && instance.sleep.roomGivenUp) {
        return instance;
      }
    }
    return null;
  }

  /** Returns whether an instance can be put to sleep when nothing is in flight on it. */
  static boolean canSleep(Instance instance) {
    return instance.is(READY) && !instance.reserved && instance.spec.sleepMode() != null;
  }

  /**
   * Puts an instance to sleep: it takes no further request, and is told to when nothing is in
   * flight.
   *
   * @param forWhom the deployment that waits for its room, or null
   */
  void put(long now, Instance instance, @Nullable String forWhom) {
    instance.to(FALLING_ASLEEP);
    InstanceSleep sleep = instance.sleep;
    sleep.mode = requireNonNull(instance.spec.sleepMode(), "sleepMode");
    sleep.forWhom = forWhom;
    sleep.order++;
    sleep.deadline = NEVER;
    outbox.publishState(instances.state());
    goOn(now, instance);
  }

  /** Gives the order to sleep, if it is due and nothing is in flight any longer. */
  void goOn(long now, Instance instance) {
    InstanceSleep sleep = instance.sleep;
    SleepMode mode = sleep.mode;
    if (instance.is(FALLING_ASLEEP)
        && instance.inFlight == 0
        && sleep.deadline == NEVER
        && mode != null) {
      order(now, instance, mode.sleepTimeout());
      outbox.add(new Effect.Sleep(instance, sleep.order, mode));
    }
  }

  /** Wakes an instance that is asleep and has the room for it. */
  void wake(long now, Instance instance) {
    SleepMode mode = requireNonNull(instance.sleep.mode, "mode");
    instance.to(WAKING);
    instance.sleep.ends(now);
    instance.sleep.roomGivenUp = false;
    instance.sleep.order++;
    order(now, instance, mode.wakeTimeout());
    outbox.add(new Effect.Wake(instance, instance.sleep.order, mode));
  }

  private void order(long now, Instance instance, Duration timeout) {
    instance.sleep.orderedAt = now;
    instance.sleep.deadline = now + timeout.toNanos() + MARGIN;
    outbox.schedule(instance.sleep.deadline);
  }

  /**
   * An instance is asleep: others may have the room that it does not keep, unless it keeps it all,
   * as it is pinned, or as its provider cannot give it to others.
   *
   * <p>Its time asleep counts from now on, unless it keeps its room.
   */
  void asleep(long now, Instance instance, boolean canLeave) {
    boolean keepsRoom = keepsRoom(instance, canLeave);
    boolean known = instance.sleep.since != NEVER; // an earlier process has put it to sleep
    boolean counted = instance.sleep.countsFrom() != NEVER;
    instance.sleep.begins(now, keepsRoom);
    if (!keepsRoom) {
      giveRoomUp(now, instance, known && !counted);
    } else if (known && counted) {
      outbox.add(new Effect.KeepsRoom(instance));
    }
  }

  static boolean keepsRoom(Instance instance, boolean canLeave) {
    return instance.room != null && (instance.spec.pinned() || !canLeave);
  }

  /** One that is asleep gives the room up that it has kept so far. */
  void giveRoomUp(long now, Instance instance) {
    giveRoomUp(now, instance, instance.sleep.countsFrom() == NEVER);
  }

  private void giveRoomUp(long now, Instance instance, boolean keptIt) {
    SleepMode mode = instance.sleep.mode;
    if (instance.room != null && mode != null) {
      instance.sleep.roomGivenUp = true;
      instance.sleep.counts(now);
      outbox.add(new Effect.Slumber(instance, instance.room, mode.keptBytes(), keptIt));
    }
  }

  /** Returns what an instance was given; to be woken it needs the very same GPUs again. */
  static GpuRequest needs(Instance instance) {
    return instance.gpu;
  }
}
