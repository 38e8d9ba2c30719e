package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.MachineHarness.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.DeploymentState;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.StartReason;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A wake starts exactly one instance, however many wait. */
final class MachineStartTest {

  @Test
  void acquire_onStandby_startsOneInstance() {
    MachineHarness m = machine(b -> b);

    Caller caller = m.acquire();

    assertThat(caller.isWaiting()).isTrue();
    assertThat(m.starts).hasSize(1);
    assertThat(m.starts.get(0).startReason).isEqualTo(StartReason.REQUEST);
    assertThat(m.machine.state()).isEqualTo(DeploymentState.IDLE);
  }

  @Test
  void acquire_whileStarting_sharesOneColdStart() {
    MachineHarness m = machine(b -> b.maxInstances(10));

    List<Caller> callers = m.acquire(500);

    assertThat(m.starts).hasSize(1);
    m.passSeconds(40);
    m.ready(m.starts.get(0));
    assertThat(callers).allSatisfy(c -> assertThat(c.instance()).isSameAs(m.starts.get(0)));
    assertThat(m.starts).hasSize(1);
    assertThat(m.machine.coldStarts()).isEqualTo(500);
    assertThat(Duration.ofNanos(m.machine.pendingNanos())).hasSeconds(500 * 40);
    assertThat(m.machine.requests()).isEqualTo(500);
    assertThat(m.machine.inFlight()).isEqualTo(500);
  }

  @Test
  void acquire_whenReady_isAnsweredAtOnceAndIsNoColdStart() {
    MachineHarness m = machine(b -> b).warm();

    Caller caller = m.acquire();

    assertThat(caller.instance()).isSameAs(m.starts.get(0));
    assertThat(m.machine.coldStarts()).isEqualTo(1);
  }

  @Test
  void acquire_afterTheStartAndBeforeReady_isAColdStart() {
    MachineHarness m = machine(b -> b);
    m.acquire();
    m.passSeconds(30);
    m.acquire();
    m.ready(m.starts.get(0));

    assertThat(m.machine.coldStarts()).isEqualTo(2);
  }

  @Test
  void acquire_whileTheOnlyInstanceIsReleased_startsTheNextWhenItIsGone() {
    MachineHarness m = machine(b -> b).warm();
    m.passSeconds(300);
    assertThat(m.released()).containsExactly(m.starts.get(0));

    Caller caller = m.acquire();

    assertThat(m.starts).hasSize(1);
    m.released(m.starts.get(0));
    assertThat(m.starts).hasSize(2);
    m.ready(m.starts.get(1));
    assertThat(caller.instance()).isSameAs(m.starts.get(1));
  }

  @Test
  void cancel_ofTheLastWaiterBeforeAnythingWasStarted_startsNothing() {
    MachineHarness m = machine(b -> b).warm();
    m.passSeconds(300);
    Caller caller = m.acquire();

    caller.cancel();
    m.released(m.starts.get(0));

    assertThat(m.starts).hasSize(1);
    assertThat(m.machine.state()).isEqualTo(DeploymentState.STANDBY);
  }

  @Test
  void cancel_ofTheLastWaiterWhileStarting_leavesAnInstanceThatTheIdleTimeoutReleases() {
    MachineHarness m = machine(b -> b);
    m.acquire().cancel();
    m.passSeconds(60);
    m.ready(m.starts.get(0));

    m.passSeconds(299);
    assertThat(m.releases).isEmpty();
    m.passSeconds(1);
    assertThat(m.released()).containsExactly(m.starts.get(0));
  }

  @Test
  void phases_ofOneLife_areToldInOrder() {
    MachineHarness m = machine(b -> b).warm();
    m.passSeconds(300);
    m.released(m.starts.get(0));

    assertThat(m.events)
        .extracting(e -> e.getClass().getSimpleName())
        .containsExactly(
            "InstanceStarting",
            "StatusChanged",
            "InstanceReady",
            "StatusChanged",
            "InstanceReleasing",
            "StatusChanged",
            "StatusChanged");
    assertThat(m.events(DeploymentEvent.StatusChanged.class))
        .extracting(DeploymentEvent.StatusChanged::to)
        .containsExactly(
            DeploymentState.IDLE,
            DeploymentState.RUNNING,
            DeploymentState.IDLE,
            DeploymentState.STANDBY);
    assertThat(m.accountsClosed).containsExactly(m.starts.get(0));
  }

  @Test
  void ready_ofAnInstanceThatWasGivenUp_isIgnored() {
    MachineHarness m = machine(b -> b.startTimeout(Duration.ofSeconds(10)));
    m.acquire();
    m.passSeconds(10);

    m.ready(m.starts.get(0));

    assertThat(m.count(InstancePhase.READY)).isZero();
    m.released(m.starts.get(0));
    m.ready(m.starts.get(0));
    assertThat(m.machine.instances()).isEmpty();
  }

  @Test
  void released_twice_closesTheAccountOnce() {
    MachineHarness m = machine(b -> b).warm();
    m.passSeconds(300);

    m.released(m.starts.get(0));
    m.released(m.starts.get(0));

    assertThat(m.accountsClosed).hasSize(1);
  }
}
