package dev.autodeploy.internal.deployment;

import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.InstanceInfo;
import dev.autodeploy.internal.decision.DeploymentMachine;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.internal.ledger.DeploymentLedger;
import java.time.Duration;
import java.time.Instant;

/** The status of a deployment at a moment, made under its lock. */
final class StatusReport {

  private StatusReport() {}

  static DeploymentStatus of(
      DeploymentController controller,
      DeploymentMachine machine,
      DeploymentLedger ledger,
      Instant wall,
      long now) {
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
        machine.requests(),
        machine.coldStarts(),
        Duration.ofNanos(machine.pendingNanos()),
        machine.starts(),
        machine.startFailures(),
        controller.degradation().reason());
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
        instance.isIdle() ? ledger.optionalInstant(instance, instance.idleSince()) : null,
        ledger.optionalInstant(instance, releaseAt),
        instance.releaseReason(),
        Duration.ofNanos(instance.busyNanos(now)),
        Duration.ofNanos(instance.preparingNanos(now)),
        instance.progress());
  }
}
