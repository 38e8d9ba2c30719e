package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.util.Durations;
import java.time.Duration;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The watch over ready instances, and the replacement of those that no longer work. The rules, in
 * order:
 *
 * <ol>
 *   <li>An instance that is older than {@code maxLifetime} is replaced.
 *   <li>With a liveness probe an instance is asked every {@code livenessInterval}, but only while
 *       it serves nothing. An answer during which a request came does not count, whatever it is; a
 *       question that is not answered when the next is due counts as a no.
 *   <li>After {@code livenessThreshold} noes in a row it is replaced.
 *   <li>An instance with GPUs is checked by its provider as well, busy or not, and replaced when
 *       that says that it has lost one.
 *   <li>An instance on which a request hangs is replaced.
 * </ol>
 *
 * <p>To be replaced is to drain: no further request, those in flight finish, and then it is
 * released; another one is started as far as callers or the minimum need it.
 */
public final class HealthProcess {
  /** The time between two checks of an instance that has GPUs and no liveness probe. */
  private static final long GPU_CHECK = Duration.ofMinutes(1).toNanos();

  private final ReleaseProcess releases;
  private final Outbox outbox;
  private final LongConsumer after;

  /** Makes the one that meets deadlines: who asks it to ends the event. */
  HealthProcess(ReleaseProcess releases, Outbox outbox) {
    this(releases, outbox, now -> {});
  }

  /**
   * Makes one.
   *
   * @param after ends an event
   */
  HealthProcess(ReleaseProcess releases, Outbox outbox, LongConsumer after) {
    this.releases = releases;
    this.outbox = outbox;
    this.after = after;
  }

  // Events.

  /**
   * A liveness probe has answered.
   *
   * @param number the number of the question
   * @param failure why it said no, or null if it said yes
   */
  public void answered(long now, Instance instance, int number, @Nullable String failure) {
    InstanceHealth health = instance.health;
    if (!instance.is(READY) || !health.asking || number != health.asked) {
      return;
    }
    health.asking = false;
    if (wasLeftAlone(instance)) {
      count(now, instance, failure);
      after.accept(now);
    }
  }

  /** The provider says that an instance has lost what it was given (4). */
  public void lost(long now, Instance instance, String what) {
    replace(now, instance, ReleaseReason.GPU_LOST, what);
    after.accept(now);
  }

  /** The holder of a lease says that its request hangs (5). */
  public void abandoned(long now, Instance instance, String why) {
    replace(now, instance, ReleaseReason.HUNG, why);
    after.accept(now);
  }

  // Time.

  /** Does what is due for an instance that is ready. */
  void meet(long now, Instance instance) {
    if (!endLife(now, instance) && nextQuestion(now, instance) <= now) {
      look(now, instance);
    }
  }

  /** Replaces an instance that is ready or asleep if it is too old (1); returns whether it does. */
  boolean endLife(long now, Instance instance) {
    Duration maxLifetime = instance.spec.maxLifetime();
    if (maxLifetime == null || endOfLife(instance) > now) {
      return false;
    }
    String message = "it is older than " + Durations.text(maxLifetime) + " (maxLifetime)";
    replace(now, instance, ReleaseReason.TOO_OLD, message);
    return true;
  }

  private void look(long now, Instance instance) {
    InstanceHealth health = instance.health;
    health.lookedAt = now;
    if (health.asking) {
      health.asking = false;
      if (wasLeftAlone(instance)) {
        count(now, instance, "it did not answer until the next question");
      }
    }
    boolean liveness = instance.spec.liveness() != null && isUnused(instance); // (2)
    if (instance.is(READY) && (liveness || !instance.gpu.isNone())) {
      health.asked++;
      health.asking = liveness;
      health.askedAt = now;
      outbox.add(new Effect.Check(instance, health.asked, liveness));
    }
  }

  private void count(long now, Instance instance, @Nullable String failure) {
    InstanceHealth health = instance.health;
    health.failed = failure == null ? 0 : health.failed + 1;
    if (health.failed >= instance.spec.livenessThreshold()) { // (3)
      replace(
          now,
          instance,
          ReleaseReason.UNHEALTHY,
          "its liveness probe failed " + health.failed + " times in a row: " + failure);
    }
  }

  private void replace(long now, Instance instance, ReleaseReason reason, String message) {
    if (!instance.is(READY) && !instance.isResting()) {
      return;
    }
    outbox.publish(
        at ->
            new DeploymentEvent.InstanceReplaced(
                at, outbox.deployment(), instance.id, reason, message, instance.inFlight));
    releases.drain(now, instance, reason);
  }

  private static boolean isUnused(Instance instance) {
    return instance.inFlight == 0 && !instance.reserved;
  }

  /** Returns whether no request came since the last question. */
  private static boolean wasLeftAlone(Instance instance) {
    return isUnused(instance) && instance.idleSince < instance.health.askedAt;
  }

  /** Returns when there is something to do for an instance that is ready. */
  static long nextLook(long now, Instance instance) {
    return Math.min(endOfLife(instance), nextQuestion(now, instance));
  }

  static long endOfLife(Instance instance) {
    Duration maxLifetime = instance.spec.maxLifetime();
    return maxLifetime == null ? NEVER : instance.readyAt + maxLifetime.toNanos();
  }

  private static long nextQuestion(long now, Instance instance) {
    DeploymentSpec spec = instance.spec;
    if (spec.liveness() == null && instance.gpu.isNone()) {
      return NEVER;
    }
    InstanceHealth health = instance.health;
    if (health.lookedAt == NEVER) {
      health.lookedAt = now;
    }
    return health.lookedAt
        + (spec.liveness() == null ? GPU_CHECK : spec.livenessInterval().toNanos());
  }
}
