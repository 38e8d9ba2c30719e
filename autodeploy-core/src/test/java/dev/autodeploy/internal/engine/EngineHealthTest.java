package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Deployment;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Lease;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.event.DeploymentEvent.InstanceReplaced;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.ReadinessProbe;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Instances that run and do not work, with everything around the decisions. */
class EngineHealthTest {
  private final EngineHarness h = new EngineHarness().start();

  @Test
  void hungInstance_isReplaced_andTheNextRequestGetsAnother() {
    Deployment voice =
        h.deploy(b -> b.liveness(ReadinessProbe.http("/live")).environment("KEY", "secret-word"));
    h.acquire(voice).close();
    h.time.pass(Duration.ofSeconds(30));
    assertThat(h.provider.probes).last().isEqualTo(ReadinessProbe.http("/live"));
    h.provider.probeError = new IOException("no answer to secret-word within 10 s");
    h.time.pass(Duration.ofSeconds(90));

    assertThat(h.events(InstanceReplaced.class))
        .singleElement()
        .satisfies(
            e -> {
              assertThat(e.reason()).isEqualTo(ReleaseReason.UNHEALTHY);
              assertThat(e.message()).contains("no answer to ").doesNotContain("secret-word");
            });
    h.assertNothingLeft(voice);
    h.provider.probeError = null;
    try (Lease lease = h.acquire(voice)) {
      assertThat(lease.coldStart()).isTrue();
    }
    h.close();
  }

  @Test
  void instanceThatLostItsGpu_isReplaced_afterWhatIsInFlight() {
    h.provider.capacity = ProviderCapacity.of(List.of(ProviderCapacity.Gpu.named("0")));
    Deployment voice = h.deploy(b -> b.gpu(GpuRequest.ids("0")));
    Lease busy = h.acquire(voice);
    h.time.pass(Duration.ofMinutes(1));
    assertThat(h.events(InstanceReplaced.class)).isEmpty();
    h.provider.lost = "Failed to initialize NVML";
    h.time.pass(Duration.ofMinutes(1));

    assertThat(h.events(InstanceReplaced.class))
        .singleElement()
        .satisfies(e -> assertThat(e.message()).isEqualTo("Failed to initialize NVML"));
    assertThat(h.provider.running()).hasSize(1);
    busy.close();
    h.time.run();
    h.assertNothingLeft(voice);
    h.close();
  }

  @Test
  void abandonedLease_hasItsInstanceReplaced_onceAndNotByABorrowedOne() {
    Deployment voice = h.deploy(b -> b.minInstances(1));
    Lease lease = h.acquire(voice);
    Lease other = h.acquire(voice);
    voice.borrow().orElseThrow().abandon("it hangs");
    assertThat(h.events(InstanceReplaced.class)).isEmpty();
    lease.abandon("it hangs");
    lease.abandon("it hangs");
    h.time.run();
    assertThat(h.events(InstanceReplaced.class)).hasSize(1);
    assertThat(voice.status().inFlight()).isEqualTo(1);
    other.close();
    h.time.run();
    assertThat(h.provider.running()).as("the minimum, by another one").hasSize(1);
    assertThat(voice.status().instances().get(0).id()).isNotEqualTo(lease.instanceId());
    h.close();
  }
}
