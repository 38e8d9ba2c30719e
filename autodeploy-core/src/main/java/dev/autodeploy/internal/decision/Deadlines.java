package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ReleaseReason;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * The deadlines of a deployment: a caller's, a start's, a drain's, the release or the sleep of an
 * idle instance, an order to sleep or wake, the next question whether one works, the repetition of
 * a failed release, the end of what holds starts back, the next window of the schedule, and the end
 * of the budget. Its one timer is set to the earliest.
 */
final class Deadlines {
  private final Declaration declaration;
  private final Instances instances;
  private final Callers callers;
  private final StartProcess starts;
  private final ReleaseProcess releases;
  private final IdleDeadlines idle;
  private final RecentUsage history;
  private final Rejections rejections;
  private final Outbox outbox;

  Deadlines(
      Declaration declaration,
      Instances instances,
      Callers callers,
      StartProcess starts,
      ReleaseProcess releases,
      IdleDeadlines idle,
      RecentUsage history,
      Rejections rejections,
      Outbox outbox) {
    this.declaration = declaration;
    this.instances = instances;
    this.callers = callers;
    this.starts = starts;
    this.releases = releases;
    this.idle = idle;
    this.history = history;
    this.rejections = rejections;
    this.outbox = outbox;
  }

  /**
   * Does everything that is due.
   *
   * @param after ends the event of a failed start: the next start counts on what that has freed
   */
  void meet(long now, LongConsumer after) {
    for (Waiter waiter : callers.expired(now)) {
      AutoDeployException error =
          rejections.timedOut(
              now,
              waiter,
              instances,
              declaration.spec(),
              callers.inFlight(),
              starts.waitsForRoom());
      callers.rejectWaiting(now, waiter, error);
    }
    SleepProcess sleep =
        new SleepProcess(
            declaration, instances, callers, starts, releases, idle, history, outbox, after);
    List.copyOf(instances.all()).forEach(instance -> meet(now, instance, sleep, after));
  }

  private void meet(long now, Instance instance, SleepProcess sleep, LongConsumer after) {
    switch (instance.phase()) {
      case STARTING -> {
        if (instance.startDeadline <= now) {
          starts.timedOut(now, instance);
          after.accept(now);
        }
      }
      case READY -> {
        if (idle.isDue(now, instance)) {
          releases.begin(now, instance, ReleaseReason.IDLE);
          idle.released(now);
        } else if (!sleep.meetReady(now, instance)) {
          new HealthProcess(releases, outbox).meet(now, instance);
        }
      }
      case FALLING_ASLEEP, ASLEEP, WAKING -> sleep.meet(now, instance);
      case DRAINING -> {
        if (instance.drainDeadline <= now) {
          releases.endDrain(now, instance);
        } else {
          releases.goIfDrained(now, instance);
        }
      }
      case RELEASING -> releases.retryIfDue(now, instance);
    }
  }

  /** Sets the timer, unless it is set to that moment or an earlier one. */
  void schedule(long now) {
    long next = Math.min(callers.earliestDeadline(), starts.nextAttempt(now));
    if (declaration.isOpen()) {
      next = Math.min(next, declaration.allowance().lookAt());
    }
    OpeningHours hours = declaration.hours();
    if (hours != null && declaration.isOpen()) {
      next = Math.min(next, hours.nextLook());
    }
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
      case READY ->
          Math.min(
              RoomProcess.nextLook(now, instance),
              Math.min(idle.nextCheck(now, instance), HealthProcess.nextLook(now, instance)));
      case FALLING_ASLEEP, ASLEEP, WAKING -> SleepProcess.nextLook(callers, instance);
      case DRAINING -> ReleaseProcess.nextLook(now, instance);
      case RELEASING -> instance.releaseRetryAt;
    };
  }
}
