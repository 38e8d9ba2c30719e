package dev.autodeploy.internal.deployment;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.StartReason;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.internal.ledger.OpenEntry;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.ProviderInstance;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Puts what an earlier process has left on the time line of this one. */
final class RestoredInstance {

  private RestoredInstance() {}

  /** Returns when an instance was started, as the ledger or else the provider knows it. */
  static Instant startedAt(ProviderInstance found, @Nullable OpenEntry usage) {
    return usage == null ? found.startedAt() : usage.started().at();
  }

  static Instance of(
      ProviderInstance found,
      @Nullable OpenEntry usage,
      DeploymentSpec spec,
      long now,
      Instant wall) {
    Instant started = startedAt(found, usage);
    long age = Math.max(0, Duration.between(started, wall).toNanos());
    Instance instance =
        new Instance(
            found.instanceId(),
            found.slot(),
            StartReason.ADOPTED,
            spec,
            found.fingerprint(),
            usage == null ? spec.gpu() : usage.started().gpu(),
            now - age,
            NEVER);
    instance.startCall.set(Instance.StartCall.MADE);
    instance.up = found;
    instance.startRequestedInstant = started;
    Instant knownUntil = started;
    if (usage != null && usage.used() != null) {
      LedgerEntry.Used used = usage.used();
      instance.readyAt = onLine(used.readyAt(), started, instance, now);
      instance.idleSince = onLine(used.lastUsedAt(), started, instance, now);
      instance.busyNanos = used.busy().toNanos();
      knownUntil = used.lastUsedAt();
    }
    InstanceExit exit = found.exit();
    Instant end = exit == null ? null : exit.at();
    if (end != null) {
      instance.foundEndedAt = end.isBefore(knownUntil) ? knownUntil : end;
    }
    return instance;
  }

  private static long onLine(Instant moment, Instant started, Instance instance, long now) {
    long at = instance.startRequestedAt + Duration.between(started, moment).toNanos();
    return Math.min(now, Math.max(instance.startRequestedAt, at));
  }
}
