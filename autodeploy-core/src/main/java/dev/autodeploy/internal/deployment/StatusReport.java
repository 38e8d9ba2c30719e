package dev.autodeploy.internal.deployment;

import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.InstanceInfo;
import dev.autodeploy.PlaceInLine;
import dev.autodeploy.internal.decision.DeploymentMachine;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.internal.decision.RoomWait;
import dev.autodeploy.internal.ledger.DeploymentLedger;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The status of a deployment at a moment, made under its lock. */
final class StatusReport {

  private StatusReport() {}

  static DeploymentStatus of(
      DeploymentController controller,
      DeploymentMachine machine,
      DeploymentLedger ledger,
      Instant wall,
      long now,
      @Nullable String unpriced) {
    Instant backoffUntil =
        now < machine.backoff().until() ? wall.plusNanos(machine.backoff().until() - now) : null;
    return new DeploymentStatus(
        controller.name(),
        machine.state(),
        machine.instances().stream()
            .map(i -> info(i, controller.running(i), ledger, machine.releaseAt(i), now))
            .toList(),
        machine.inFlight(),
        machine.pending(),
        machine.backoff().lastFailure(),
        machine.backoff().lastFailure() == null
            ? null
            : wall.minusNanos(now - machine.backoff().lastFailureAt()),
        backoffUntil,
        place(machine.rooms().waitsFor(), controller, wall),
        controller.preparation(),
        machine.requests(),
        machine.coldStarts(),
        Duration.ofNanos(machine.pendingNanos()),
        machine.starts(),
        machine.startFailures(),
        controller.missing(),
        unpriced,
        machine.startEstimate());
  }

  private static @Nullable PlaceInLine place(
      @Nullable RoomWait wait, DeploymentController controller, Instant wall) {
    if (wait == null) {
      return null;
    }
    long ticker = controller.ticker();
    return new PlaceInLine(
        wait.needs(),
        wait.place(),
        wait.holders().stream()
            .map(
                holder ->
                    new PlaceInLine.Holder(
                        holder.deployment(),
                        holder.instanceId(),
                        holder.phase(),
                        holder.inFlight(),
                        holder.next(),
                        instant(holder.at(), ticker, wall)))
            .toList(),
        wall.plusNanos(wait.since() - ticker),
        instant(wait.expectedAt(), ticker, wall),
        wait.note());
  }

  private static @Nullable Instant instant(long at, long ticker, Instant wall) {
    return at == Instance.NEVER ? null : wall.plusNanos(at - ticker);
  }

  private static InstanceInfo info(
      Instance instance,
      RunningInstance running,
      DeploymentLedger ledger,
      long releaseAt,
      long now) {
    return new InstanceInfo(
        instance.id(),
        instance.slot(),
        instance.phase(),
        instance.startReason(),
        running.endpoint(),
        instance.countedInFlight(),
        ledger.instant(instance, instance.startRequestedAt()),
        ledger.optionalInstant(instance, instance.readyAt()),
        instance.isUnused() ? ledger.optionalInstant(instance, instance.idleSince()) : null,
        ledger.optionalInstant(instance, releaseAt),
        instance.releaseReason(),
        Duration.ofNanos(instance.busyNanos(now)),
        Duration.ofNanos(instance.preparingNanos(now)),
        ledger.optionalInstant(instance, instance.asleepSince()),
        Duration.ofNanos(instance.asleepNanos(now)),
        instance.progress());
  }
}
