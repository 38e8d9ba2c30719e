package dev.autodeploy.internal.deployment;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.internal.decision.Room;
import dev.autodeploy.internal.ledger.OpenEntry;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.ProviderInstance;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An instance of an earlier process, with its times converted to this process's ticker.
 *
 * @param running the instance
 * @param foundEndedAt when it ended, if it was found ended
 */
record RestoredInstance(RunningInstance running, @Nullable Instant foundEndedAt) {

  /**
   * Recreates an instance.
   *
   * @param found what the provider knows of it
   * @param entry what the ledger knows of it
   * @param room the room that it takes up, or null if it has no GPU
   * @param spec what its deployment is now
   * @param now the moment on the deployment's time line
   * @param wall the same moment on the clock
   */
  static RestoredInstance of(
      ProviderInstance found,
      OpenEntry entry,
      @Nullable Room room,
      DeploymentSpec spec,
      long now,
      Instant wall) {
    LedgerEntry.Used used = entry.used();
    Instant started = entry.started().at();
    long startedAt = now - Math.max(0, Duration.between(started, wall).toNanos());
    Instant asleepSince = entry.asleepSince();
    Instance.Past past =
        new Instance.Past(
            startedAt,
            used == null ? NEVER : onLine(used.readyAt(), started, startedAt, now),
            used == null ? NEVER : onLine(used.lastUsedAt(), started, startedAt, now),
            used == null ? 0 : used.busy().toNanos(),
            entry.preparing().toNanos(),
            entry.started().caller(),
            used == null ? Map.of() : used.busyBy(),
            entry.sleeps().later(startedAt),
            asleepSince == null ? NEVER : onLine(asleepSince, started, startedAt, now),
            entry.keptRoomAsleep());
    Instance instance =
        Instance.restored(
            found.instanceId(),
            found.slot(),
            spec,
            found.fingerprint(),
            entry.started().gpu(),
            room,
            past);
    Instant knownUntil = used == null ? started : used.lastUsedAt();
    return new RestoredInstance(
        new RunningInstance(instance, started, found), ended(found.exit(), knownUntil));
  }

  private static @Nullable Instant ended(@Nullable InstanceExit exit, Instant knownUntil) {
    Instant end = exit == null ? null : exit.at();
    return end != null && end.isBefore(knownUntil) ? knownUntil : end;
  }

  private static long onLine(Instant moment, Instant started, long startedAt, long now) {
    long at = startedAt + Duration.between(started, moment).toNanos();
    return Math.min(now, Math.max(startedAt, at));
  }
}
