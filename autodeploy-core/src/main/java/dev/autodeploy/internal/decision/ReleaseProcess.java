package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.DRAINING;
import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.InstancePhase.RELEASING;
import static dev.autodeploy.InstancePhase.STARTING;
import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.ReleaseReason;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.spi.InstanceExit;
import java.time.Duration;

/**
 * The way of an instance out of service. The decision tree, in order:
 *
 * <ol>
 *   <li>By force: what is being released is asked for once more, without grace; anything else loses
 *       its leases and is released without grace.
 *   <li>One that is starting is released at once; callers bound to it get another one.
 *   <li>One that is ready, asleep or on the way there or back drains: it takes nothing more, and
 *       callers bound to it get another one.
 *   <li>One that drains goes when nothing is in flight on it: to the next engine if it is to be
 *       detached, else it is released, but not before the hold of one that was adopted is over. At
 *       its deadline it loses its leases and goes.
 *   <li>A release is repeated until it is verified, with growing delays.
 * </ol>
 */
final class ReleaseProcess {
  /** The delay before a failed release is repeated; doubles from FIRST to LAST. */
  private static final Duration FIRST_RETRY = Duration.ofSeconds(1);

  private static final Duration LAST_RETRY = Duration.ofSeconds(30);

  /**
   * The upper bound of that delay while callers wait, since they may need this instance's place.
   */
  private static final Duration LAST_WANTED_RETRY = Duration.ofSeconds(2);

  private final String name;
  private final Declaration declaration;
  private final Instances instances;
  private final Callers callers;
  private final Outbox outbox;

  ReleaseProcess(
      String deployment,
      Declaration declaration,
      Instances instances,
      Callers callers,
      Outbox outbox) {
    this.name = deployment;
    this.declaration = declaration;
    this.instances = instances;
    this.callers = callers;
    this.outbox = outbox;
  }

  /** Takes an instance out of service: at once if nothing is in flight on it. */
  void drain(long now, Instance instance, ReleaseReason reason) {
    boolean used = instance.inFlight > 0 || instance.isHeld(now);
    if (instance.is(STARTING) && !used) { // (2)
      begin(now, instance, reason);
      callers.unbind(now, instance);
      return;
    }
    if (instance.is(READY) || instance.is(STARTING) || instance.isResting()) { // (3)
      instance.to(DRAINING);
      instance.releaseReason = reason;
      outbox.publish(
          at ->
              new DeploymentEvent.InstanceDraining(
                  at, name, instance.id, reason, instance.inFlight));
      callers.unbind(now, instance);
      outbox.publishState(instances.state());
    }
    goIfDrained(now, instance);
  }

  /** Lets a draining instance go if nothing is in flight on it. */
  void goIfDrained(long now, Instance instance) {
    if (!instance.is(DRAINING) || instance.inFlight > 0) {
      return;
    }
    if (instance.detaching) { // (4)
      instance.drainDeadline = NEVER;
      outbox.add(new Effect.Detach(instance));
    } else if (!instance.isHeld(now)) {
      instance.drainDeadline = NEVER;
      ReleaseReason reason = instance.releaseReason;
      begin(now, instance, reason == null ? ReleaseReason.REQUESTED : reason);
    }
  }

  /** Returns when a draining instance is looked at next. */
  static long nextLook(long now, Instance instance) {
    return instance.isHeld(now) // also while it is in use: closing a lease sets no timer
        ? Math.min(instance.drainDeadline, instance.heldUntil())
        : instance.drainDeadline;
  }

  /** Ends a drain at its deadline. */
  void endDrain(long now, Instance instance) {
    instance.drainDeadline = NEVER;
    if (instance.detaching) {
      callers.invalidateLeases(instance, InstanceExit.unknown("the engine was closed"));
      outbox.add(new Effect.Detach(instance));
    } else {
      force(now, instance, ReleaseReason.CLOSED);
    }
  }

  void force(long now, Instance instance, ReleaseReason reason) {
    if (instance.is(RELEASING)) { // (1)
      instance.releaseRetryAt = NEVER;
      ask(instance, Duration.ZERO);
    } else {
      callers.invalidateLeases(
          instance, InstanceExit.unknown("the instance was released by force"));
      begin(now, instance, reason, Duration.ZERO);
      callers.unbind(now, instance);
      callers.markIdle(now);
    }
  }

  /** Releases an instance on which nothing counts any longer. */
  void begin(long now, Instance instance, ReleaseReason reason) {
    begin(now, instance, reason, declaration.spec().releaseGrace());
  }

  private void begin(long now, Instance instance, ReleaseReason reason, Duration grace) {
    if (instance.busySince != NEVER) {
      instance.becomesIdle(now);
    }
    Duration idle =
        Duration.ofNanos(instance.idleSince == NEVER ? 0 : Math.max(0, now - instance.idleSince));
    instance.to(RELEASING);
    instance.releaseReason = reason;
    instance.releaseRequestedAt = now;
    outbox.publish(
        at -> new DeploymentEvent.InstanceReleasing(at, name, instance.id, reason, idle));
    outbox.publishState(instances.state());
    ask(instance, grace);
  }

  private void ask(Instance instance, Duration grace) {
    instance.releaseAttempts++;
    outbox.add(new Effect.Release(instance, grace, instance.startAsked));
  }

  /** A release was not verified: it is repeated after a delay. */
  void failed(long now, Instance instance, String message) {
    Duration last = callers.waiting() > 0 ? LAST_WANTED_RETRY : LAST_RETRY; // (5)
    int attempts = instance.releaseAttempts;
    Duration wait = StartBackoff.doubled(FIRST_RETRY, last, attempts);
    instance.releaseRetryAt = now + wait.toNanos();
    outbox.publish(
        at ->
            new DeploymentEvent.InstanceReleaseFailed(
                at, name, instance.id, message, attempts, wait));
    outbox.schedule(instance.releaseRetryAt);
  }

  /** Repeats a release whose delay has passed. */
  void retryIfDue(long now, Instance instance) {
    if (instance.releaseRetryAt <= now) {
      retry(instance);
    }
  }

  /** Repeats a failed release at once. */
  void retry(Instance instance) {
    instance.releaseRetryAt = NEVER;
    ask(instance, declaration.spec().releaseGrace());
  }

  /** Repeats failed releases soon, since a caller may wait for their place. */
  void hurry(long now) {
    long latest = now + LAST_WANTED_RETRY.toNanos();
    for (Instance instance : instances.all()) {
      if (instance.releaseRetryAt != NEVER && instance.releaseRetryAt > latest) {
        instance.releaseRetryAt = latest;
        outbox.schedule(latest);
      }
    }
  }

  /** The release is verified, or the instance detached: it exists no longer. */
  void gone(Instance instance) {
    instance.gone = true;
    instances.remove(instance);
  }

  /** Drains the instances above a lowered {@code maxInstances}. */
  void shrinkToMaximum(long now) {
    int maximum = declaration.spec().maxInstances();
    int excess = instances.alive() - maximum;
    int crowd = instances.size() - maximum;
    for (Instance instance : instances.shrinkOrder()) {
      // What is starting also gives way to what still drains: both count, as for a new start.
      if (crowd > 0 && (instance.is(STARTING) || excess > 0)) {
        drain(now, instance, ReleaseReason.UPDATED);
        excess--;
        crowd--;
      }
    }
  }
}
