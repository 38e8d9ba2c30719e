package dev.autodeploy.testing.simulation;

import static dev.autodeploy.testing.world.SimulatedMachine.NEVER;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.InstanceInfo;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.testing.world.SimulatedMachine;
import java.time.Duration;

/**
 * The instances of one deployment that run and do not work: each is replaced in time, and no other
 * one is.
 */
final class WalkHealth {
  private static final long GPU_CHECK = Duration.ofMinutes(1).toNanos();

  private final WalkBook book;

  WalkHealth(WalkBook book) {
    this.book = book;
  }

  void told(DeploymentEvent.InstanceReplaced event) {
    WalkInstance instance = book.instance(event.instanceId());
    SimulatedMachine machine = book.walk.world.machines.get(event.instanceId());
    long now = book.walk.time.read();
    boolean isTrue =
        switch (event.reason()) {
          // One that has ended answers nothing either, while that is on its way here.
          case UNHEALTHY -> instance.open == 0 && (machine == null || !machine.isReady());
          case TOO_OLD ->
              instance.adopted || now - instance.readyAt >= book.bounds.leastLifetime.toNanos();
          case GPU_LOST -> machine != null && machine.losesGpusAt() <= now;
          case HUNG -> instance.abandoned;
          case SLEEP_FAILED ->
              machine == null
                  || machine.isDeaf()
                  || machine.plan.sleepTakes.compareTo(WalkDraw.SLEEP_LIMIT) > 0
                  || !machine.wasReady()
                  || machine.hangsAt() <= now
                  || (!machine.request.gpus().isEmpty() && event.message().endsWith("for good"));
          default -> false;
        };
    book.walk.check(
        isTrue, () -> instance.id + " works, and is replaced all the same: " + event.message());
  }

  /** Checks an instance whenever nothing more happens at a moment. */
  void check(InstanceInfo info, WalkInstance instance) {
    SimulatedMachine machine = book.walk.world.machines.get(info.id());
    if (info.phase() != InstancePhase.READY || machine == null) {
      return;
    }
    long now = book.walk.time.read();
    DeploymentSpec spec = book.spec;
    Duration maxLifetime = spec.maxLifetime();
    book.walk.check(
        maxLifetime == null || now - instance.readyAt < maxLifetime.toNanos(),
        () -> info.id() + " is older than it may be");
    book.walk.check(!instance.abandoned, () -> info.id() + " hangs, and takes requests");
    long interval = spec.livenessInterval().toNanos();
    if (spec.liveness() != null && instance.open == 0 && machine.hangsAt() != NEVER) {
      // One question may have come with the end of a request, and does not count.
      long longest = (spec.livenessThreshold() + 2) * interval;
      book.walk.check(
          now - since(machine.hangsAt(), Math.max(instance.awakeAt, instance.idleAtLast))
              <= longest,
          () -> info.id() + " hangs, and is not replaced");
    }
    if (!machine.request.spec().gpu().isNone() && machine.losesGpusAt() != NEVER) {
      long longest = 2 * (spec.liveness() == null ? GPU_CHECK : interval);
      book.walk.check(
          now - since(machine.losesGpusAt(), instance.awakeAt) <= longest,
          () -> info.id() + " has lost its GPUs, and is not replaced");
    }
  }

  private long since(long fault, long seen) {
    return Math.max(Math.max(fault, seen), book.declaredAt);
  }
}
