package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.ASLEEP;
import static dev.autodeploy.InstancePhase.FALLING_ASLEEP;
import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.InstancePhase.WAKING;
import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.InstancePhase;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.SleepMode;
import dev.autodeploy.StartFailure;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.util.Durations;
import java.net.URI;
import java.time.Duration;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The sleep of instances that have a sleep mode. The rules, in order:
 *
 * <ol>
 *   <li>One that is idle for {@code sleepAfter}, and that its deployment can spare, is put to
 *       sleep; so is one that makes room for another deployment, in place of being released, if
 *       that leaves room enough.
 *   <li>It takes no further request, and gets the order when nothing is in flight on it. Asleep, it
 *       gives up the room that it does not keep.
 *   <li>Whoever needs an instance has one that sleeps woken before another is started ({@link
 *       StartProcess}). Waking needs the room again: it waits in line for it like a start.
 *   <li>Woken, it is ready like any other; its callers have waited as for a start.
 *   <li>One that refuses to sleep, or does not wake in time, is released; its callers go on
 *       waiting, and get another.
 *   <li>One that is asleep is released at its idle timeout, unless callers wait until there is room
 *       to wake it, and at the end of its life. Nothing else is asked of it.
 * </ol>
 *
 * <p>It has no state of its own, and is made for each occasion.
 */
public final class SleepProcess {
  private final String name;
  private final Declaration declaration;
  private final Instances instances;
  private final Callers callers;
  private final StartProcess starts;
  private final ReleaseProcess releases;
  private final IdleDeadlines idle;
  private final RecentUsage history;
  private final Outbox outbox;
  private final Sleepers sleepers;
  private final LongConsumer after;

  /**
   * Makes one.
   *
   * @param after ends an event
   */
  SleepProcess(
      Declaration declaration,
      Instances instances,
      Callers callers,
      StartProcess starts,
      ReleaseProcess releases,
      IdleDeadlines idle,
      RecentUsage history,
      Outbox outbox,
      LongConsumer after) {
    this.name = outbox.deployment();
    this.declaration = declaration;
    this.instances = instances;
    this.callers = callers;
    this.starts = starts;
    this.releases = releases;
    this.idle = idle;
    this.history = history;
    this.outbox = outbox;
    this.sleepers = new Sleepers(instances, outbox);
    this.after = after;
  }

  // Events.

  /**
   * An order to sleep was carried out, or was not.
   *
   * @param order its number
   * @param failure why not, or null
   */
  public void slept(long now, Instance instance, int order, @Nullable String failure) {
    if (!isAnswer(instance, FALLING_ASLEEP, order)) {
      return;
    }
    if (failure == null) {
      asleep(now, instance);
    } else {
      giveUp(now, instance, "it could not be put to sleep: " + failure);
    }
    after.accept(now);
  }

  /**
   * An order to wake was carried out, or was not.
   *
   * @param order its number
   * @param failure why not, or null
   */
  public void woken(long now, Instance instance, int order, @Nullable String failure) {
    if (!isAnswer(instance, WAKING, order)) {
      return;
    }
    if (failure == null) {
      awake(now, instance);
    } else {
      giveUp(now, instance, "it could not be woken: " + failure);
    }
    after.accept(now);
  }

  /**
   * An instance that an earlier process may have put to sleep was found awake: that it slept
   * meanwhile is not known, and not counted.
   *
   * @return whether it is to stay awake, as others may use it; else it is told to sleep again
   */
  public boolean foundAwake(long now, Instance instance) {
    boolean used = instance.isHeld(now);
    instance.sleep.foundAwake(used ? NEVER : now);
    return used;
  }

  /** Returns whether an instance keeps its room asleep: then it is paid for as if awake. */
  public boolean keepsRoom(Instance instance) {
    return Sleepers.keepsRoom(instance, declaration.sleepersCanLeave());
  }

  /** An instance of an earlier process was found asleep. */
  public void foundAsleep(long now, Instance instance, URI endpoint) {
    SleepMode mode = instance.spec.sleepMode();
    if (!instance.isStarting()) {
      return;
    }
    if (mode == null) {
      starts.failed(
          now, instance, "it is asleep, and the deployment no longer says how it is woken", null);
    } else {
      instance.sleep.mode = mode;
      if (instance.readyAt == NEVER) {
        instance.readyAt = now;
      }
      if (instance.idleSince == NEVER) {
        instance.idleSince = now;
      }
      instance.to(ASLEEP);
      Duration ago = Duration.ofNanos(now - instance.readyAt);
      outbox.publish(
          at ->
              new DeploymentEvent.InstanceAdopted(at, name, instance.id, endpoint, at.minus(ago)));
      sleepers.asleep(now, instance, declaration.sleepersCanLeave());
      idle.begin(instance);
    }
    after.accept(now);
  }

  private static boolean isAnswer(Instance instance, InstancePhase phase, int order) {
    return instance.is(phase) && !instance.gone && instance.sleep.order == order;
  }

  private void asleep(long now, Instance instance) {
    InstanceSleep sleep = instance.sleep;
    Duration took = Duration.ofNanos(now - sleep.orderedAt);
    Duration unused = Duration.ofNanos(Math.max(0, now - instance.idleSince));
    String forWhom = sleep.forWhom;
    sleep.deadline = NEVER;
    instance.to(ASLEEP);
    outbox.publish(
        at -> new DeploymentEvent.InstanceAsleep(at, name, instance.id, unused, forWhom, took));
    sleepers.asleep(now, instance, declaration.sleepersCanLeave());
    idle.begin(instance); // one that was busy until it slept has no timeout yet
  }

  private void awake(long now, Instance instance) {
    InstanceSleep sleep = instance.sleep;
    Duration took = Duration.ofNanos(now - sleep.orderedAt);
    sleep.deadline = NEVER;
    sleep.wokenAt = now;
    history.addWake(took.toNanos());
    instance.to(READY);
    instance.idleSince = now; // for the next sleep: it is needed, or was a moment ago
    instance.requestsAtReady = callers.requests();
    instance.health.begins(now);
    outbox.publish(at -> new DeploymentEvent.InstanceWoken(at, name, instance.id, took));
    outbox.publishState(instances.state());
    callers.fill(now, instance);
    if (instance.isIdle()) {
      idle.begin(instance);
    }
  }

  /** Releases an instance that did not do what it was told; another is started if one is needed. */
  private void giveUp(long now, Instance instance, String message) {
    instance.sleep.deadline = NEVER;
    starts
        .backoff()
        .noted(
            now,
            StartFailure.builder(instance.id, StartFailure.Kind.SLEEP, message)
                .elapsed(Duration.ofNanos(Math.max(0, now - instance.sleep.orderedAt)))
                .build());
    outbox.publish(
        at ->
            new DeploymentEvent.InstanceReplaced(
                at, name, instance.id, ReleaseReason.SLEEP_FAILED, message, 0));
    releases.begin(now, instance, ReleaseReason.SLEEP_FAILED);
    callers.unbind(now, instance);
  }

  // Time.

  /** Puts an instance that is ready to sleep if that is due (1); returns whether it does. */
  boolean meetReady(long now, Instance instance) {
    boolean due = idle.sleepAt(instance) <= now;
    if (due) {
      sleepers.put(now, instance, null);
    }
    return due;
  }

  /** Does what is due for an instance that sleeps, or is on its way there or back (5, 6). */
  void meet(long now, Instance instance) {
    if (instance.is(ASLEEP)) {
      if (instance.idleDue() <= now && !isWaitedFor(callers, instance)) {
        releases.begin(now, instance, ReleaseReason.IDLE);
        callers.unbind(now, instance);
        idle.released(now);
      } else {
        new HealthProcess(releases, outbox).endLife(now, instance);
      }
    } else if (instance.sleep.deadline <= now) {
      boolean waking = instance.is(WAKING);
      String within = Durations.text(Duration.ofNanos(now - instance.sleep.orderedAt));
      giveUp(
          now,
          instance,
          (waking ? "it did not wake within " : "it did not fall asleep within ") + within);
    }
  }

  /** Returns when there is something to do for an instance that sleeps or is on its way. */
  static long nextLook(Callers callers, Instance instance) {
    if (!instance.is(ASLEEP)) {
      return instance.sleep.deadline;
    }
    long idleDue = isWaitedFor(callers, instance) ? NEVER : instance.idleDue();
    return Math.min(idleDue, HealthProcess.endOfLife(instance));
  }

  /** Returns whether callers wait for it: their deadlines are looked at, and when one leaves. */
  private static boolean isWaitedFor(Callers callers, Instance instance) {
    return callers.waitingForAny() > 0 || !instance.bound.isEmpty();
  }
}
