package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.MachineHarness.machine;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.InstancePhase;
import dev.autodeploy.QueueFullException;
import dev.autodeploy.RouteRule;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Facts that decisions depend on, and that lead to none by themselves. */
final class MachineFactsTest {

  @Test
  void startAsked_whileStarting_isPaidForAndReleasedThroughTheProvider() {
    MachineHarness m = machine(b -> b);
    m.acquire();
    Instance instance = m.starts.get(0);
    assertThat(instance.isStartAsked()).isFalse();

    assertThat(m.machine.startAsked(instance)).isTrue();

    assertThat(instance.isStartAsked()).isTrue();
    m.releaseNow();
    assertThat(m.releases.get(0).startAsked()).isTrue();
    assertThat(instance.countedInFlight()).isZero();
  }

  @Test
  void startAsked_afterTheRelease_isRefused() {
    MachineHarness m = machine(b -> b);
    m.acquire();
    Instance instance = m.starts.get(0);
    m.releaseNow();

    assertThat(m.machine.startAsked(instance)).isFalse();

    assertThat(instance.isStartAsked()).isFalse();
    assertThat(m.releases.get(0).startAsked()).isFalse();
  }

  @Test
  void timerThatFailed_isMadeUpForByTheNextLook() {
    MachineHarness m = machine(b -> b.startTimeout(Duration.ofSeconds(30)));
    assertThat(m.machine.isBusy()).isFalse();
    m.acquire();
    assertThat(m.machine.isBusy()).isTrue();
    m.passWithoutTimer(Duration.ofSeconds(31));

    m.machine.catchUp(m.now());
    assertThat(m.machine.startFailures()).isZero(); // the timer is set, and will fire

    m.machine.timerFailed();
    m.machine.catchUp(m.now());
    assertThat(m.machine.startFailures()).isEqualTo(1);
  }

  @Test
  void timerThatFailed_isWorkToDoWithoutAnyInstance() {
    MachineHarness m = machine(b -> b);
    m.machine.timerFailed();
    assertThat(m.machine.isBusy()).isTrue();
    m.fire();
    assertThat(m.machine.isBusy()).isFalse();
  }

  @Test
  void startFailed_ofAnInstanceThatIsReady_isLeftAlone() {
    MachineHarness m = machine(b -> b).warm();
    m.startFails(m.starts.get(0));
    assertThat(m.machine.startFailures()).isZero();
    assertThat(m.starts.get(0).phase()).isEqualTo(InstancePhase.READY);
  }

  @Test
  void requestForOneInstance_whoseQueueIsFull_isRejected() {
    MachineHarness m = machine(b -> b.concurrency(1).maxPending(1)).warm();
    m.acquire();
    RouteRule named = RouteRule.instance(m.starts.get(0).id());
    Caller waits = m.acquire(named);

    Caller rejected = m.acquire(named);

    assertThat(waits.isWaiting()).isTrue();
    assertThat(rejected.error()).isInstanceOf(QueueFullException.class);
  }

  @Test
  void phase_neverGoesBack() {
    MachineHarness m = machine(b -> b).warm();
    Instance instance = m.starts.get(0);
    assertThat(m.machine.find(instance.id())).isSameAs(instance);
    assertThatThrownBy(() -> instance.to(InstancePhase.STARTING))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(instance.id() + " is READY");
    assertThat(instance.phase()).isEqualTo(InstancePhase.READY);
  }

  @Test
  void instance_tellsWhatItIs() {
    MachineHarness m = machine(b -> b).warm();
    Instance instance = m.starts.get(0);
    assertThat(instance.slot()).isZero();
    assertThat(instance.spec()).isEqualTo(m.machine.spec());
    assertThat(instance.fingerprint()).isEqualTo(m.machine.fingerprint()).hasSize(16);
    assertThat(instance.isGone()).isFalse();
    m.acquire();
    assertThat(instance.countedInFlight()).isEqualTo(1);

    m.exits(instance);
    assertThat(instance.countedInFlight()).isZero();
    m.released(instance);
    assertThat(instance.isGone()).isTrue();
    assertThat(instance.isStarting()).isFalse();
  }
}
