package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;

/**
 * The earliest moment at which something is due in a deployment, to which its one timer is set: a
 * caller's deadline, a start's, a drain's, the release of an idle instance, the repetition of a
 * failed release, or the end of what holds starts back.
 */
final class NextDeadline {
  private final Instances instances;
  private final Callers callers;
  private final StartProcess starts;
  private final IdleDeadlines idle;
  private final Outbox outbox;

  NextDeadline(
      Instances instances,
      Callers callers,
      StartProcess starts,
      IdleDeadlines idle,
      Outbox outbox) {
    this.instances = instances;
    this.callers = callers;
    this.starts = starts;
    this.idle = idle;
    this.outbox = outbox;
  }

  /** Sets the timer, unless it is set to that moment or an earlier one. */
  void schedule(long now) {
    long next = Math.min(callers.earliestDeadline(), starts.nextAttempt(now));
    for (Instance instance : instances.all()) {
      next = Math.min(next, of(now, instance));
    }
    if (next != NEVER) {
      outbox.schedule(next);
    }
  }

  private long of(long now, Instance instance) {
    return switch (instance.phase()) {
      case STARTING -> instance.startDeadline;
      case READY -> idle.nextCheck(now, instance);
      case DRAINING -> instance.drainDeadline;
      case RELEASING -> instance.releaseRetryAt;
    };
  }
}
