package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.ASLEEP;
import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.Schedule;
import dev.autodeploy.internal.util.Durations;
import java.time.Duration;

/**
 * The moments when idle instances are released. An instance is released as idle if, at one and the
 * same moment,
 *
 * <ol>
 *   <li>it is ready and no request is in flight on it,
 *   <li>the timeout that the schedule or else the idle policy gave has passed since the last one,
 *       and
 *   <li>more instances are ready than are kept at this time, or the deployment is removed or
 *       closed.
 * </ol>
 */
final class IdleDeadlines {
  /** The least time between checks of a busy instance: a timeout of zero must not spin. */
  private static final Duration BUSY_RECHECK = Duration.ofSeconds(1);

  private final Declaration declaration;
  private final Instances instances;
  private final IdleTimeouts timeouts;
  private final Callers callers;
  private final Outbox outbox;

  IdleDeadlines(
      Declaration declaration,
      Instances instances,
      Callers callers,
      IdleTimeouts timeouts,
      Outbox outbox) {
    this.declaration = declaration;
    this.instances = instances;
    this.timeouts = timeouts;
    this.callers = callers;
    this.outbox = outbox;
  }

  /** Asks the idle policy about an instance that has become idle. */
  void begin(Instance instance) {
    instance.idleTimeout =
        instance.keptUnused != NEVER && !declaration.scheduled().closed()
            ? instance.keptUnused
            : timeout();
    long due = Math.min(instance.idleDue(), sleepAt(instance));
    if (due != NEVER) {
      outbox.schedule(due);
    }
  }

  /** Returns when an instance is put to sleep if nobody asks for it, or {@link Instance#NEVER}. */
  long sleepAt(Instance instance) {
    Duration sleepAfter = instance.spec.sleepAfter();
    if (sleepAfter == null
        || !instance.isIdle()
        || !instance.bound.isEmpty()
        || !Sleepers.canSleep(instance)
        || !declaration.isOpen()
        || !mayShrink()) {
      return NEVER;
    }
    return Math.max(instance.idleSince + sleepAfter.toNanos(), instance.heldUntil());
  }

  /** Returns the timeout in force: none while the schedule has the deployment closed. */
  private long timeout() {
    Schedule.State scheduled = declaration.scheduled();
    Duration own = scheduled.closed() ? Duration.ZERO : scheduled.idleTimeout();
    return own != null ? IdleTimeouts.nanos(own) : timeouts.ask(declaration.spec());
  }

  /** Returns in a sentence when idle instances are released, and why then. */
  String explain() {
    Schedule.State scheduled = declaration.scheduled();
    if (scheduled.closed()) {
      return "The schedule has the deployment closed: an idle instance is released at once.";
    }
    Duration own = scheduled.idleTimeout();
    return own == null
        ? timeouts.explain(declaration.spec())
        : "By the schedule an idle instance is released after " + Durations.text(own) + ".";
  }

  /** Returns whether an instance is to be released now. */
  boolean isDue(long now, Instance instance) {
    return instance.isIdle() && instance.idleDue() <= now && mayShrink();
  }

  /** Returns when an instance is released if nobody asks for it, or {@link Instance#NEVER}. */
  long releaseAt(Instance instance) {
    return (instance.isIdle() && mayShrink()) || instance.is(ASLEEP) ? instance.idleDue() : NEVER;
  }

  /**
   * Returns when a ready instance is looked at next: a busy one when it could be due at the
   * earliest, since closing a lease sets no timer.
   */
  long nextCheck(long now, Instance instance) {
    if (instance.inFlight == 0) {
      return Math.min(sleepAt(instance), mayShrink() ? instance.idleDue() : NEVER);
    }
    if (instance.idleTimeout == NEVER) {
      instance.idleTimeout = timeout();
    }
    Duration sleepAfter = instance.spec.sleepAfter();
    long first =
        sleepAfter == null
            ? instance.idleTimeout
            : Math.min(instance.idleTimeout, sleepAfter.toNanos());
    return first == NEVER ? NEVER : now + Math.max(first, BUSY_RECHECK.toNanos());
  }

  /** Plans the next start, if the last instance was released because nobody needed it. */
  void released(long now) {
    if (instances.alive() == 0 && declaration.isOpen()) {
      callers.expect(now, timeouts.prewarm(declaration.spec()));
    }
  }

  private boolean mayShrink() {
    return instances.count(READY) > declaration.minInstances() || !declaration.isOpen();
  }
}
