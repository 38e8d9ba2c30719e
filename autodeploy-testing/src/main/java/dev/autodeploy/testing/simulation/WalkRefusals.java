package dev.autodeploy.testing.simulation;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.InstanceInfo;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.RouteRule;
import dev.autodeploy.StartFailedException;
import dev.autodeploy.StartFailure;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.testing.world.SimulatedMachine;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Judges whether the refusals of one deployment are justified. Those for a failed start are judged
 * when everything is at rest: until then the failure itself may still be on its way to the
 * listeners.
 */
final class WalkRefusals {
  private final Walk walk;
  private final WalkBook book;

  /** The failed starts that events told of and whose backoff may hold. */
  private final Map<String, Failure> failures = new HashMap<>();

  private final List<ForFailure> unjudged = new ArrayList<>();

  /** The number of the first caller who asked after the last release by force. */
  private int forcedBefore;

  /** A failed start, and how long it holds others back: less if something succeeds meanwhile. */
  private static final class Failure {
    final StartFailure what;
    final long at;
    final long until;
    long overAt = SimulatedMachine.NEVER;

    Failure(StartFailure what, long at, long until) {
      this.what = what;
      this.at = at;
      this.until = until;
    }
  }

  private record ForFailure(WalkWaiter waiter, StartFailedException refusal, long at) {}

  WalkRefusals(WalkBook book) {
    this.walk = book.walk;
    this.book = book;
  }

  void releasedByForce() {
    forcedBefore = walk.requests;
  }

  void told(DeploymentEvent event) {
    long now = walk.time.read();
    if (event instanceof DeploymentEvent.InstanceStartFailed e) {
      failures.put(e.instanceId(), new Failure(e.failure(), now, now + e.retryAfter().toNanos()));
    } else if (event instanceof DeploymentEvent.InstanceReady
        || event instanceof DeploymentEvent.InstanceAdopted
        || event instanceof DeploymentEvent.Updated) {
      failures.values().forEach(failure -> failure.overAt = Math.min(failure.overAt, now));
    }
  }

  /** Returns whether a refusal is justified, as far as that can be said when it comes. */
  boolean isJustified(WalkWaiter waiter, AutoDeployException refusal) {
    return switch (refusal.code()) {
      case ACQUIRE_TIMEOUT -> walk.time.read() == waiter.deadline && !waiter.isPatient();
      case BUDGET_EXHAUSTED -> book.mayBeUnaffordable();
      case NOT_OPEN -> book.isClosed();
      case QUEUE_FULL -> isQueueFull(waiter);
      case START_FAILED -> {
        boolean known = refusal instanceof StartFailedException;
        if (refusal instanceof StartFailedException failed) {
          unjudged.add(new ForFailure(waiter, failed, walk.time.read()));
        }
        yield known;
      }
      case ROUTE_TARGET_NOT_FOUND -> isTargetMissing(waiter, book.deployment().status());
      case REPLICA_QUOTA_EXCEEDED -> isQuotaExceeded(waiter);
      case RELEASED -> waiter.number < forcedBefore;
      case DEPLOYMENT_NOT_FOUND -> book.isRemoving();
      case CLOSED -> book.engine.process.isClosing();
      default -> false;
    };
  }

  private static boolean isQueueFull(WalkWaiter waiter) {
    return waiter.before >= waiter.spec.maxPending();
  }

  private boolean isQuotaExceeded(WalkWaiter waiter) {
    DeploymentStatus seen = waiter.seen;
    return waiter.route instanceof RouteRule.ScaleOut
        && seen != null
        && existed(waiter, seen) + (needsRoom(waiter) ? waiter.before : 0)
            >= waiter.spec.maxInstances();
  }

  /**
   * Returns how many there were when it was asked for. A request has the budget looked at, and
   * where that covers starts again, those of the minimum come first.
   */
  private int existed(WalkWaiter waiter, DeploymentStatus seen) {
    int all = seen.instances().size();
    boolean limited = book.engine.budget.exists() || waiter.spec.budget() != null;
    return limited ? Math.max(all, all - alive(seen) + WalkBounds.mostKept(waiter.spec)) : all;
  }

  /** Returns whether its start may wait: then those for others who wait come before it. */
  private boolean needsRoom(WalkWaiter waiter) {
    return !waiter.spec.gpu().isNone() || book.walk.maxInstances() > 0;
  }

  /** Returns whether the target was missing when it was asked for, or one that was named is now. */
  private static boolean isTargetMissing(WalkWaiter waiter, DeploymentStatus now) {
    DeploymentStatus seen = waiter.seen;
    if (seen == null || waiter.route instanceof RouteRule.ScaleOut) {
      return false;
    }
    if (waiter.route instanceof RouteRule.Running) {
      return awake(seen) == 0;
    }
    if (waiter.route instanceof RouteRule.Preferred) {
      return false;
    }
    return waiter.route instanceof RouteRule.Instance named
        ? !isAlive(seen, named.instanceId()) || !isAlive(now, named.instanceId())
        : seen.count(InstancePhase.READY) == 0;
  }

  private static boolean isAlive(DeploymentStatus status, String instanceId) {
    for (InstanceInfo info : status.instances()) {
      if (info.id().equals(instanceId)) {
        return info.phase().compareTo(InstancePhase.DRAINING) < 0;
      }
    }
    return false;
  }

  private static int awake(DeploymentStatus status) {
    return status.count(InstancePhase.READY)
        + status.count(InstancePhase.STARTING)
        + status.count(InstancePhase.WAKING);
  }

  private static int alive(DeploymentStatus status) {
    return awake(status)
        + status.count(InstancePhase.ASLEEP)
        + status.count(InstancePhase.FALLING_ASLEEP);
  }

  /** Judges what is left to be judged. */
  void checkAtRest(DeploymentStatus status) {
    long now = walk.time.read();
    for (ForFailure refused : unjudged) {
      AutoDeployException refusal = refused.refusal;
      walk.check(
          isForKnownFailure(refused, status),
          () -> "a refusal is justified, but " + refused.waiter + " got " + refusal.getMessage());
    }
    unjudged.clear();
    failures.values().removeIf(failure -> failure.until < now);
  }

  private boolean isForKnownFailure(ForFailure refused, DeploymentStatus status) {
    StartFailure told = refused.refusal.failure();
    Failure failure = failures.get(told.instanceId());
    if (failure == null
        || !failure.what.equals(told)
        || refused.at < failure.at
        || refused.at > failure.overAt
        || refused.at + refused.refusal.retryAfter().toNanos() != failure.until) {
      return false;
    }
    if (refused.waiter.route instanceof RouteRule.ScaleOut) {
      return true; // its own start failed, or would have been held back
    }
    if (refused.waiter.route instanceof RouteRule.Instance named) {
      return named.instanceId().equals(told.instanceId());
    }
    // While starts are held back none comes: if one was alive then, it still is.
    boolean stillThen = refused.at == walk.time.read() && refused.at < failure.overAt;
    return !stillThen || alive(status) == 0;
  }
}
