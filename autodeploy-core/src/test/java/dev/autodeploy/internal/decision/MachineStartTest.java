package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.MachineHarness.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.DeploymentState;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.StartFailedException;
import dev.autodeploy.StartFailure;
import dev.autodeploy.StartReason;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import dev.autodeploy.spi.InstanceExit;
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

  @Test
  void preparing_theStartTimeoutStandsStill_andBeginsWhenThatEnds() {
    MachineHarness m = machine(b -> b.startTimeout(Duration.ofMinutes(10)));
    Caller caller = m.acquire(Duration.ofHours(2));
    Instance instance = m.starts.get(0);

    m.preparing(instance, true);
    m.pass(Duration.ofMinutes(50));
    assertThat(caller.isWaiting()).isTrue();
    assertThat(instance.phase()).isEqualTo(InstancePhase.STARTING);

    m.preparing(instance, false);
    m.pass(Duration.ofMinutes(10).minusNanos(1));
    m.preparing(instance, false); // said twice: the timeout does not begin again
    assertThat(instance.phase()).isEqualTo(InstancePhase.STARTING);
    m.pass(Duration.ofNanos(1));
    assertThat(caller.error()).isInstanceOf(StartFailedException.class);
    assertThat(m.released()).containsExactly(instance);
  }

  @Test
  void preparing_anInstanceThatIsReady_isNotHeard() {
    MachineHarness m = machine(b -> b).warm();
    Instance instance = m.starts.get(0);
    int before = m.timersSet;

    m.preparing(instance, true);

    assertThat(instance.preparing).isFalse();
    assertThat(m.timersSet).isEqualTo(before);
  }

  @Test
  void ready_saysHowLongTheStartTook() {
    MachineHarness m = machine(b -> b);
    m.acquire();
    m.passSeconds(40);
    m.ready(m.starts.get(0));

    assertThat(m.events(DeploymentEvent.InstanceReady.class))
        .extracting(DeploymentEvent.InstanceReady::startDuration)
        .containsExactly(Duration.ofSeconds(40));
  }

  @Test
  void startFailed_withAnExitCode_isAnExit_howeverFastItEnded() {
    MachineHarness m = machine(b -> b.maxInstances(3));
    m.acquire();
    m.startFails(m.starts.get(0), MachineHarness.exit(3));
    assertThat(m.machine.backoff().lastFailure().kind()).isEqualTo(StartFailure.Kind.EXITED);

    m.passSeconds(60);
    m.acquire();
    m.startFails(m.starts.get(1), InstanceExit.unknown("it was removed"));
    assertThat(m.machine.backoff().lastFailure().kind()).isEqualTo(StartFailure.Kind.EXITED);

    m.passSeconds(60);
    m.acquire();
    m.startFails(m.starts.get(2));
    assertThat(m.machine.backoff().lastFailure().kind()).isEqualTo(StartFailure.Kind.PROVIDER);
  }

  @Test
  void startFailed_ofAnInstanceThatIsReady_isNotHeard() {
    MachineHarness m = machine(b -> b).warm();

    m.startFails(m.starts.get(0));

    assertThat(m.starts.get(0).phase()).isEqualTo(InstancePhase.READY);
    assertThat(m.released()).isEmpty();
  }

  @Test
  void backoff_withNobodyWaiting_needsNoTimer() {
    MachineHarness m = machine(b -> b.startBackoff(Duration.ofSeconds(5), Duration.ofMinutes(1)));
    m.acquire();
    m.startFails(m.starts.get(0));
    m.released(m.starts.get(0));
    m.fire(); // the one that was set for the start

    assertThat(m.machine.instances()).isEmpty();
    assertThat(m.timerIn()).isNull();
  }

  @Test
  void adopted_isProbed_andKeepsTheStartTimeout() {
    MachineHarness m = machine(b -> b.startTimeout(Duration.ofMinutes(1)));

    Instance old = m.adopt(30, 0);

    assertThat(m.probes).containsExactly(old);
    assertThat(m.timerIn()).isEqualTo(Duration.ofMinutes(1));
  }
}
