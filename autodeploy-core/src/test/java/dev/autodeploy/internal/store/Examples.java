package dev.autodeploy.internal.store;

import dev.autodeploy.Budget;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.Mount;
import dev.autodeploy.Schedule;
import dev.autodeploy.SleepMode;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;

/** The values that the tests of this package store. */
final class Examples {
  static final Instant NOON = Instant.parse("2026-01-31T12:00:00.123456789Z");

  private Examples() {}

  /** A specification in which no setting has its default, but for the snapshot. */
  static DeploymentSpec everySetting() {
    DeploymentSpec earlier = earlierSettings();
    return earlier.toBuilder()
        .memoryBytes(1L << 34)
        .cpus(1.5)
        .maxProcesses(100)
        .workingDirectory("/srv")
        .priority(3)
        .pinned(true)
        .preserveHost(false)
        .schedule(
            Schedule.weekly(ZoneId.of("Europe/Berlin"))
                .warm("MON-FRI", "08:30", "18:00", 1)
                .idleTimeout("daily", "18:00", "22:30", Duration.ofSeconds(90))
                .closed("SAT,SUN", "22:00", "06:00"))
        .budget(
            Budget.money("20.50", "EUR")
                .per(Budget.Period.MONTH, ZoneId.of("Asia/Taipei"))
                .cut()
                .minimumUse(Duration.ofSeconds(30)))
        .linkPort(20_007)
        .probeInterval(Duration.ofSeconds(2))
        .probeThreshold(3)
        .liveness(ReadinessProbe.http("/live", 204))
        .livenessInterval(Duration.ofSeconds(12))
        .livenessThreshold(4)
        .startTimeoutFactor(2.5)
        .maxRequestTime(Duration.ofMinutes(7))
        .maxLifetime(Duration.ofDays(2))
        .sleepMode(
            new SleepMode(
                List.of(SleepMode.Request.post("/off", "{}").timeout(Duration.ofSeconds(9))),
                List.of(new SleepMode.Request("PUT", "/on", null, Duration.ofMinutes(2))),
                new SleepMode.Check("/state", "off", Duration.ofSeconds(4)),
                1L << 30,
                true))
        .sleepAfter(Duration.ofSeconds(2))
        .prepareAhead(true)
        .readiness(
            ReadinessProbe.allOf(
                earlier.readiness(),
                ReadinessProbe.httpRequest("/models")
                    .method("POST")
                    .status(200, 299)
                    .header("Authorization", "Bearer ${TOKEN}")
                    .header("X-Key", "k3y")
                    .body("ready")
                    .timeout(Duration.ofSeconds(30))
                    .build()))
        .build();
  }

  /** The settings that there were in the earlier format, none of which has its default. */
  static DeploymentSpec earlierSettings() {
    return DeploymentSpec.builder("voice")
        .description("Mandarin \"text\" to speech: 語音合成\n\ud83d\ude00")
        .image("breezyvoice:latest")
        .gpu(GpuRequest.ids("0", "MIG-1").model("NVIDIA L4"))
        .port(8080)
        .startCommand("cd /BreezyVoice && python api.py")
        .environment("TOKEN", "s3cret \u0001 \ud800 \u2028")
        .environment("EMPTY", "")
        .mount(Mount.of("/models", "/m").asReadOnly())
        .mount(Mount.of("cache", "/c"))
        .sharedMemoryBytes(1L << 33)
        .readiness(
            ReadinessProbe.allOf(
                ReadinessProbe.tcp(),
                ReadinessProbe.anyOf(
                    ReadinessProbe.http("/ready?x=1", 204),
                    ReadinessProbe.logLine("^Started \\w+"))))
        .startTimeout(Duration.ofMillis(61_001))
        .idleTimeout(Duration.ofSeconds(3, 1))
        .minInstances(2)
        .maxInstances(3)
        .concurrency(4)
        .maxPending(5)
        .releaseGrace(Duration.ofSeconds(6))
        .startBackoff(Duration.ofSeconds(7), Duration.ofSeconds(8))
        .pricePerHour(Money.of("0.4900", "EUR"))
        .build();
  }

  /** A state that is told from others by its owner, and has as many deployments. */
  static StoredState state(String owner, int deployments) {
    List<StoredDeployment> list = new ArrayList<>();
    for (int i = 0; i < deployments; i++) {
      list.add(
          new StoredDeployment(
              DeploymentSpec.builder(owner + i).port(8000 + i).build(), NOON.plusSeconds(i)));
    }
    return new StoredState(owner, list);
  }

  /** Saves a state to a store in which nothing else is saved. */
  static void save(StateStore store, StoredState state) {
    if (state.owner() != null) {
      store.saveOwner(state.owner());
    }
    store.saveAll(state.deployments());
  }

  /** A deployment that is told from others of its name by its port. */
  static StoredDeployment deployment(String name, int port) {
    return new StoredDeployment(DeploymentSpec.builder(name).port(port).build(), NOON);
  }

  static LedgerEntry started(int number) {
    return new LedgerEntry.Started("voice", "i-" + number, GpuRequest.count(1), NOON);
  }

  static LedgerEntry used(int number) {
    return new LedgerEntry.Used(
        "i-" + number,
        NOON.plusMillis(1840),
        NOON.plusSeconds(9),
        Duration.ofNanos(7_000_000_001L));
  }

  static LedgerEntry released(int number) {
    return new LedgerEntry.Released(
        UsageInterval.builder("voice", "i-" + number, NOON)
            .gpu(GpuRequest.all().model("L4"))
            .readyAt(NOON.plusMillis(1840))
            .releaseRequestedAt(NOON.plusSeconds(300))
            .endedAt(NOON.plusSeconds(301).plusNanos(1))
            .busy(Duration.ofSeconds(7))
            .build());
  }

  static LedgerEntry preparing(int number) {
    return new LedgerEntry.Prepared("i-" + number, Duration.ZERO, NOON);
  }

  static LedgerEntry prepared(int number) {
    return new LedgerEntry.Prepared("i-" + number, Duration.ofSeconds(90), null);
  }

  static LedgerEntry slept(int number) {
    return new LedgerEntry.Slept("i-" + number, Duration.ofSeconds(90), NOON, true);
  }

  static LedgerEntry woken(int number) {
    return new LedgerEntry.Slept("i-" + number, Duration.ofMinutes(3), null, false);
  }

  /** An instance that slept twice. */
  static LedgerEntry releasedAfterSleeps(int number) {
    return new LedgerEntry.Released(
        UsageInterval.builder("voice", "i-" + number, NOON)
            .gpu(GpuRequest.count(1))
            .readyAt(NOON.plusSeconds(10))
            .endedAt(NOON.plusSeconds(600))
            .sleeps(
                List.of(
                    new UsageInterval.Sleep(NOON.plusSeconds(60), NOON.plusSeconds(120)),
                    new UsageInterval.Sleep(NOON.plusSeconds(300), NOON.plusSeconds(330))))
            .build());
  }

  /** An instance of which nothing ran but the pull of its image. */
  static LedgerEntry releasedUnpulled(int number) {
    return new LedgerEntry.Released(
        UsageInterval.builder("voice", "i-" + number, NOON)
            .endedAt(NOON.plusSeconds(1))
            .preparing(Duration.ofSeconds(1))
            .build());
  }

  /** An instance that was released before it was ready. */
  static LedgerEntry releasedUnready(int number) {
    return new LedgerEntry.Released(
        UsageInterval.builder("voice", "i-" + number, NOON).endedAt(NOON.plusSeconds(1)).build());
  }
}
