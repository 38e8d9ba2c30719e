package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.DRAINING;
import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.InstancePhase.RELEASING;
import static dev.autodeploy.InstancePhase.STARTING;
import static java.util.Objects.requireNonNull;

import dev.autodeploy.AcquireTimeoutException;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.BudgetExhaustedException;
import dev.autodeploy.DeploymentClosedException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.QueueFullException;
import dev.autodeploy.StartFailedException;
import dev.autodeploy.spi.StartProgress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The errors of callers of one deployment that get no lease. */
final class Rejections {
  private final String name;

  Rejections(String deployment) {
    this.name = deployment;
  }

  AutoDeployException queueFull(DeploymentSpec spec) {
    return new QueueFullException(name, spec.maxPending());
  }

  AutoDeployException startFailed(long now, StartBackoff backoff) {
    return new StartFailedException(
        name,
        requireNonNull(backoff.lastFailure(), "lastFailure"),
        Duration.ofNanos(Math.max(0, backoff.until() - now)));
  }

  AutoDeployException timedOut(
      long now,
      Waiter waiter,
      Instances roster,
      DeploymentSpec spec,
      int inFlight,
      @Nullable RoomWait line) {
    String state =
        "instances: "
            + roster.count(STARTING)
            + " starting, "
            + roster.count(READY)
            + " ready (concurrency "
            + (spec.concurrency() == DeploymentSpec.UNLIMITED ? "unlimited" : spec.concurrency())
            + "), "
            + resting(roster)
            + roster.count(DRAINING)
            + " draining, "
            + roster.count(RELEASING)
            + " releasing, of at most "
            + spec.maxInstances()
            + "; requests in flight: "
            + inFlight
            + (line == null ? "" : "; an instance waits in line for " + line.describe());
    Instance starting = furthest(roster);
    StartProgress progress = starting == null ? null : starting.progress();
    if (starting != null && progress != null) {
      state += "; instance '" + starting.id() + "' is " + progress.describe();
    }
    if (starting != null && starting.probed) {
      state += "; instance '" + starting.id() + "': " + StartDiagnosis.notReady(starting);
    }
    return new AcquireTimeoutException(
        name, Duration.ofNanos(now - waiter.askedAt), state, progress);
  }

  private static String resting(Instances roster) {
    long resting = roster.all().stream().filter(Instance::isResting).count();
    return resting == 0 ? "" : resting + " asleep or being woken, ";
  }

  /** Returns the oldest instance that starts, which is the furthest as a rule. */
  private static @Nullable Instance furthest(Instances roster) {
    return roster.all().stream().filter(i -> i.is(STARTING)).findFirst().orElse(null);
  }

  AutoDeployException quotaExceeded(int instances) {
    return new AutoDeployException(
        ErrorCode.REPLICA_QUOTA_EXCEEDED,
        name,
        "deployment '"
            + name
            + "' has "
            + instances
            + " instances, its maximum (maxInstances); release one or raise the maximum");
  }

  AutoDeployException targetNotFound() {
    return new AutoDeployException(
        ErrorCode.ROUTE_TARGET_NOT_FOUND,
        name,
        "deployment '" + name + "' has no such instance that takes requests");
  }

  AutoDeployException closedBySchedule(OpeningHours hours) {
    return new DeploymentClosedException(name, hours.wall(), hours.opensAt());
  }

  AutoDeployException budgetExhausted(Allowance allowance) {
    return new BudgetExhaustedException(
        name,
        allowance.wall(),
        requireNonNull(allowance.refusing(), "refusing"),
        allowance.isRefusedByEngine());
  }

  AutoDeployException released() {
    return new AutoDeployException(
        ErrorCode.RELEASED,
        name,
        "deployment '" + name + "' was released by force while the request waited");
  }

  AutoDeployException removed() {
    return new AutoDeployException(
        ErrorCode.DEPLOYMENT_NOT_FOUND, name, "deployment '" + name + "' was removed");
  }

  AutoDeployException closed() {
    return new AutoDeployException(
        ErrorCode.CLOSED, name, "deployment '" + name + "' is closed because its engine is closed");
  }
}
