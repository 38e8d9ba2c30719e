package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.InstancePhase.RELEASING;
import static dev.autodeploy.internal.decision.MachineHarness.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import dev.autodeploy.spi.ReadinessProbe;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Questions to instances of which one no is enough, and what follows from it at once. */
final class MachineHealthEdgesTest {
  private static final Duration ASK = Duration.ofSeconds(10);

  private static MachineHarness asked(UnaryOperator<DeploymentSpec.Builder> changes) {
    return machine(
            b ->
                changes.apply(
                    b.liveness(ReadinessProbe.http("/live"))
                        .livenessInterval(ASK)
                        .livenessThreshold(1)))
        .warm();
  }

  @Test
  void answeredQuestion_countsAsAYes_whenTheNextIsDue() {
    MachineHarness m = asked(b -> b);
    for (int i = 0; i < 3; i++) {
      m.pass(ASK);
      m.answers(m.checks.get(i), null);
    }
    assertThat(m.starts.get(0).phase()).isEqualTo(READY);
    assertThat(m.checks).hasSize(3);
  }

  @Test
  void unansweredQuestion_replacesIt_andNoOtherIsAsked() {
    MachineHarness m = asked(b -> b);
    m.pass(ASK.multipliedBy(2));
    assertThat(m.starts.get(0).phase()).isEqualTo(RELEASING);
    assertThat(m.checks).hasSize(1);
  }

  @Test
  void no_hasTheNextOfTheMinimumStartedAtOnce() {
    MachineHarness m = asked(b -> b.minInstances(1).maxInstances(2));
    m.open();
    m.pass(ASK);
    m.answers(m.checks.get(0), "no");
    assertThat(m.starts.get(0).phase()).isEqualTo(RELEASING);
    assertThat(m.starts).hasSize(2);
  }

  @Test
  void reserved_isNotAsked_thoughItServesNothing() {
    MachineHarness m = asked(b -> b);
    Caller snapshot = m.acquire();
    m.reserve(m.starts.get(0), true);
    snapshot.close();
    m.pass(ASK.multipliedBy(3));
    assertThat(m.checks).isEmpty();
    m.reserve(m.starts.get(0), false);
    m.pass(ASK);
    assertThat(m.checks).hasSize(1);
  }

  @Test
  void lifetime_endsItNoSooner_whateverElseIsLookedAt() {
    MachineHarness m = machine(b -> b.maxLifetime(Duration.ofMinutes(4))).warm();
    m.passSeconds(60);
    m.fire();
    assertThat(m.starts.get(0).phase()).isEqualTo(READY);
    m.passSeconds(180);
    assertThat(m.starts.get(0).phase()).isEqualTo(RELEASING);
    assertThat(m.events(DeploymentEvent.InstanceReplaced.class))
        .singleElement()
        .satisfies(e -> assertThat(e.message()).startsWith("it is older than"));
  }
}
