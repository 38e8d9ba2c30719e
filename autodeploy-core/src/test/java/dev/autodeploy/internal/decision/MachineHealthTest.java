package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.DRAINING;
import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.InstancePhase.RELEASING;
import static dev.autodeploy.internal.decision.MachineHarness.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import dev.autodeploy.spi.ReadinessProbe;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** The tests of when an instance that runs is replaced. */
class MachineHealthTest {
  private static final Duration ASK = Duration.ofSeconds(10);

  private static MachineHarness asked(
      UnaryOperator<dev.autodeploy.DeploymentSpec.Builder> changes) {
    return machine(
            b ->
                changes.apply(
                    b.liveness(ReadinessProbe.http("/live"))
                        .livenessInterval(ASK)
                        .livenessThreshold(2)))
        .warm();
  }

  private static Instance only(MachineHarness m) {
    return m.starts.get(m.starts.size() - 1);
  }

  private static List<DeploymentEvent.InstanceReplaced> replaced(MachineHarness m) {
    return m.events.stream()
        .filter(DeploymentEvent.InstanceReplaced.class::isInstance)
        .map(DeploymentEvent.InstanceReplaced.class::cast)
        .toList();
  }

  @Test
  void idleInstance_isAskedEveryInterval_andKeptWhileItAnswers() {
    MachineHarness m = asked(b -> b);
    for (int i = 1; i <= 5; i++) {
      m.pass(ASK);
      assertThat(m.checks).hasSize(i);
      m.answers(m.checks.get(i - 1), null);
    }
    assertThat(only(m).phase()).isEqualTo(READY);
    m.pass(ASK.minusNanos(1));
    assertThat(m.checks).hasSize(5);
  }

  @Test
  void noes_inARow_replaceIt_andTheEventSaysWhy() {
    MachineHarness m = asked(b -> b.minInstances(1));
    m.open();
    m.pass(ASK);
    m.answers(m.checks.get(0), "no");
    m.pass(ASK);
    m.answers(m.checks.get(1), null);
    m.pass(ASK);
    m.answers(m.checks.get(2), "no");
    assertThat(only(m).phase()).as("a yes came in between").isEqualTo(READY);
    m.pass(ASK);
    Instance sick = only(m);
    m.answers(m.checks.get(3), "GET /live: 500");

    assertThat(sick.phase()).isEqualTo(RELEASING);
    assertThat(sick.releaseReason).isEqualTo(ReleaseReason.UNHEALTHY);
    assertThat(replaced(m))
        .singleElement()
        .satisfies(
            e -> {
              assertThat(e.reason()).isEqualTo(ReleaseReason.UNHEALTHY);
              assertThat(e.message())
                  .isEqualTo("its liveness probe failed 2 times in a row: GET /live: 500");
              assertThat(e.inFlight()).isZero();
            });
    m.released(sick);
    assertThat(only(m)).as("the minimum is kept").isNotSameAs(sick);
  }

  @Test
  void busyInstance_isNotAsked_andAnAnswerWhileARequestCameDoesNotCount() {
    MachineHarness m = asked(b -> b);
    Caller busy = m.acquire();
    m.pass(ASK.multipliedBy(10));
    assertThat(m.checks).isEmpty();
    busy.close();
    m.pass(ASK);
    assertThat(m.checks).hasSize(1);
    for (int i = 0; i < 5; i++) {
      Caller caller = m.acquire();
      m.answers(m.checks.get(m.checks.size() - 1), "busy");
      caller.close();
      m.pass(ASK);
    }
    for (int i = 0; i < 5; i++) {
      m.acquire().close();
      m.answers(m.checks.get(m.checks.size() - 1), "was busy");
      m.pass(ASK);
    }
    assertThat(only(m).phase()).isEqualTo(READY);
    assertThat(replaced(m)).isEmpty();
  }

  @Test
  void questionWithoutAnAnswer_isANo_whenTheNextIsDue_andALateAnswerIsIgnored() {
    MachineHarness m = asked(b -> b);
    m.pass(ASK);
    m.pass(ASK);
    m.answers(m.checks.get(0), null);
    assertThat(only(m).health.failed).isEqualTo(1);
    m.pass(ASK);
    assertThat(only(m).phase()).isEqualTo(RELEASING);
    assertThat(replaced(m).get(0).message()).contains("did not answer until the next question");
    m.answers(m.checks.get(1), "no");
    assertThat(replaced(m)).hasSize(1);
    assertThat(m.checks).hasSize(2);
  }

  @Test
  void reservedInstance_isLeftAlone() {
    MachineHarness m = asked(b -> b);
    Caller caller = m.acquire();
    assertThat(m.reserve(only(m), true)).isTrue();
    m.pass(ASK.multipliedBy(3));
    assertThat(m.checks).isEmpty();
    m.reserve(only(m), false);
    caller.close();
  }

  @Test
  void withoutAProbe_nothingIsAsked_andWithAGpuTheProviderOnceAMinute() {
    MachineHarness m = machine(b -> b).warm();
    m.pass(Duration.ofMinutes(4));
    assertThat(m.checks).isEmpty();

    MachineHarness g = machine(b -> b.gpu(GpuRequest.ids("0")));
    Caller caller = g.acquire();
    g.give(1, GpuRequest.ids("0"));
    g.ready(only(g));
    g.pass(Duration.ofMinutes(3));
    assertThat(g.checks).as("busy or not").hasSize(3);
    assertThat(g.checks).noneMatch(Effect.Check::liveness);

    g.lost(only(g), "GPU 0 is gone");
    assertThat(only(g).phase()).isEqualTo(DRAINING);
    caller.close();
    assertThat(only(g).phase()).isEqualTo(RELEASING);
    assertThat(only(g).releaseReason).isEqualTo(ReleaseReason.GPU_LOST);
    assertThat(replaced(g).get(0).message()).isEqualTo("GPU 0 is gone");
    g.lost(only(g), "GPU 0 is gone");
    assertThat(replaced(g)).hasSize(1);
  }

  @Test
  void maxLifetime_replacesAnIdleOneAtOnce_andABusyOneAfterWhatIsInFlight() {
    MachineHarness m = machine(b -> b.maxLifetime(Duration.ofMinutes(2)).minInstances(1)).warm();
    m.open();
    Instance old = only(m);
    m.pass(Duration.ofMinutes(2).minusNanos(1));
    assertThat(old.phase()).isEqualTo(READY);
    m.pass(Duration.ofNanos(1));
    assertThat(old.phase()).isEqualTo(RELEASING);
    assertThat(old.releaseReason).isEqualTo(ReleaseReason.TOO_OLD);
    m.released(old);
    Instance next = m.ready(only(m));
    assertThat(next).isNotSameAs(old);

    Caller caller = m.acquire();
    m.pass(Duration.ofMinutes(2));
    assertThat(next.phase()).isEqualTo(DRAINING);
    Caller waiting = m.acquire();
    assertThat(waiting.isWaiting()).isTrue();
    caller.close();
    assertThat(next.phase()).isEqualTo(RELEASING);
    m.released(next);
    m.ready(only(m));
    assertThat(waiting.instance()).isSameAs(only(m));
  }

  @Test
  void abandoned_takesNoFurtherRequest_andGoesAfterTheOthers() {
    MachineHarness m = machine(b -> b.minInstances(1).maxInstances(2)).warm();
    m.open();
    Instance hung = only(m);
    Caller one = m.acquire();
    Caller two = m.acquire();
    m.abandoned(hung, "it hangs");
    one.close();
    assertThat(hung.phase()).isEqualTo(DRAINING);
    assertThat(m.starts).as("the minimum does not count it").hasSize(2);
    two.close();
    assertThat(hung.releaseReason).isEqualTo(ReleaseReason.HUNG);
    assertThat(replaced(m).get(0).inFlight()).isEqualTo(2);
  }
}
