package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Lease;
import dev.autodeploy.Money;
import dev.autodeploy.internal.spec.SpecFingerprint;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.ProviderInstance;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * The bills of instances of an earlier process, and those that are found again, are billed as, and
 * to whom.
 */
class EngineRestartMoneyTest {
  private static final CostMeter BY_MODEL =
      CostMeter.hourly("USD").gpuModel("H100", "3.60").defaultPrice("0").build();

  private final EngineHarness h = new EngineHarness();

  @Test
  void instanceThatAnUpdateReplaced_isBilledAsTheGpuThatItHas() {
    h.meter = BY_MODEL;
    h.start();
    Deployment before = h.deploy(b -> b.gpu(GpuRequest.count(1).model("H100")));
    Lease lease = h.acquire(before); // it drains
    h.time.passSeconds(1000);
    h.deploy(b -> b.gpu(GpuRequest.count(1).model("T4")));
    Money paid = before.cost().total();

    EngineHarness next = restarted();

    assertThat(lease.instanceId()).isEqualTo(released(next).instanceId());
    assertThat(released(next).usage().gpu()).isEqualTo(started(next).gpu());
    assertThat(paid.amount()).isPositive();
    assertThat(next.engine.deployment("voice").cost().total().amount())
        .isGreaterThanOrEqualTo(paid.amount());
  }

  @Test
  void instanceOfARemovedDeployment_isBilledAsTheGpuThatItHas() {
    h.meter = BY_MODEL;
    h.start();
    Lease lease = h.acquire(h.deploy(b -> b.gpu(GpuRequest.count(1).model("H100"))));
    h.time.passSeconds(1000);
    h.engine.remove("voice");
    h.time.run();

    EngineHarness next = restarted();

    assertThat(lease.instanceId()).isEqualTo(released(next).instanceId());
    assertThat(released(next).usage().gpu()).isEqualTo(started(next).gpu());
  }

  @Test
  void instanceThatIsClaimedByADeploymentDeclaredLater_staysOnItsBillOverTheNextRestart() {
    h.provider.put(
        ProviderInstance.builder("voice-1", "voice", h.time.instant())
            .fingerprint(SpecFingerprint.of(EngineHarness.voice(b -> b)))
            .endpoint(URI.create("http://127.0.0.1:40000"))
            .build());
    h.start();
    h.time.passSeconds(45);
    Deployment voice = h.deploy();
    Lease lease = h.acquire(voice);
    h.time.passSeconds(36_000);
    voice.releaseNow();
    h.time.run();
    Money paid = voice.cost().total();
    h.close();

    EngineHarness next = new EngineHarness(h).start();

    assertThat(lease.instanceId()).isEqualTo("voice-1");
    assertThat(EngineHarness.cents(paid)).isPositive();
    assertThat(next.engine.deployment("voice").cost().total()).isEqualTo(paid);
  }

  @Test
  void instanceThatIsFoundAgainAfterItsRelease_isBilledAsTheGpuThatItHas() {
    h.meter = BY_MODEL;
    h.start();
    Deployment voice = h.deploy(b -> b.gpu(GpuRequest.count(1).model("H100")));
    h.acquire(voice).close();
    ProviderInstance was = h.provider.list("host").toCompletableFuture().join().get(0);
    voice.release();
    h.time.run();

    h.provider.put(was); // the release had not been true
    h.provider.releaseAnswer = new CompletableFuture<>();
    h.time.passSeconds(3600);

    assertThat(voice.cost().total().amount()).isGreaterThan(new BigDecimal("3.5"));
    assertThat(h.store.lines(LedgerEntry.Started.class))
        .hasSize(2)
        .allSatisfy(line -> assertThat(line.gpu().model()).isEqualTo("H100"));
  }

  @Test
  void instanceThatIsClaimedByADeploymentWhoseOrphanIsBeingReleased_staysOnItsBill() {
    Instant start = h.time.instant();
    h.provider.put(
        ProviderInstance.builder("voice-a", "voice", start.minusSeconds(3600))
            .fingerprint(SpecFingerprint.of(EngineHarness.voice(b -> b)))
            .endpoint(URI.create("http://127.0.0.1:40000"))
            .build());
    h.start();
    h.time.passSeconds(1);
    h.provider.put(
        ProviderInstance.builder("voice-b", "voice", start.plusSeconds(1))
            .slot(1)
            .fingerprint("another")
            .endpoint(URI.create("http://127.0.0.1:40001"))
            .build());
    h.provider.releaseAnswer = new CompletableFuture<>();
    h.time.passSeconds(31);
    assertThat(h.provider.calls).containsExactly("release voice-b");
    Deployment voice = h.deploy();
    h.engine.deploy(DeploymentSpec.builder("other").port(1).build()); // saves all of them
    h.provider.releaseAnswer = null;
    voice.release();
    h.time.passSeconds(200);
    assertThat(h.provider.running()).isEmpty();
    h.close();

    EngineHarness next = new EngineHarness(h).start();

    assertThat(voice.createdAt()).isEqualTo(start.minusSeconds(3600));
    assertThat(next.engine.deployment("voice").cost().total().amount())
        .isGreaterThan(new BigDecimal("3.6"));
  }

  private EngineHarness restarted() {
    EngineHarness next = new EngineHarness(h);
    next.meter = BY_MODEL;
    next.start();
    next.time.passSeconds(5);
    return next;
  }

  private static LedgerEntry.Started started(EngineHarness engine) {
    return engine.store.lines(LedgerEntry.Started.class).get(0);
  }

  private static LedgerEntry.Released released(EngineHarness engine) {
    return engine.store.lines(LedgerEntry.Released.class).get(0);
  }
}
