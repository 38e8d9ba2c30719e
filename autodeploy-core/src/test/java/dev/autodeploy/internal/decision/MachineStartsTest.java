package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.InstancePhase.RELEASING;
import static dev.autodeploy.internal.decision.Instance.NEVER;
import static dev.autodeploy.internal.decision.MachineHarness.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Budget;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.RouteRule;
import dev.autodeploy.StartEstimate;
import dev.autodeploy.StartReason;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** Starts beside others, and the moments at which they are made. */
final class MachineStartsTest {

  private static Allowance affordable() {
    BudgetStatus status =
        new BudgetStatus(Budget.money("10", "USD"), new BigDecimal("1"), null, false, true);
    return new Allowance(true, false, false, NEVER, Instant.EPOCH, status);
  }

  @Test
  void callerWhoComesDuringABackoff_getsItsStartWhenThatEnds() {
    MachineHarness m = machine(b -> b.maxInstances(2).concurrency(1)).warm();
    m.acquire();
    m.acquire(RouteRule.scaleOut());
    m.startFails(m.starts.get(1));
    m.released(m.starts.get(1));
    Caller waits = m.acquire();
    assertThat(m.starts).as("held back").hasSize(2);
    m.passSeconds(1);
    assertThat(m.starts).hasSize(3);
    m.ready(m.starts.get(2));
    assertThat(waits.instance()).isSameAs(m.starts.get(2));
  }

  @Test
  void minimum_afterAnInstanceOfItEnded_isHeldBackForTheBackoff_andNoLonger() {
    MachineHarness m =
        machine(
            b ->
                b.minInstances(1)
                    .startBackoff(Duration.ofSeconds(4), Duration.ofSeconds(9))
                    .maxInstances(2));
    m.open();
    m.ready(m.starts.get(0));
    m.exits(m.starts.get(0));
    m.released(m.starts.get(0));
    m.pass(Duration.ofSeconds(4).minusNanos(1));
    assertThat(m.starts).hasSize(1);
    m.pass(Duration.ofNanos(1));
    assertThat(m.starts).hasSize(2);
    assertThat(m.starts.get(1).startReason).isEqualTo(StartReason.MINIMUM);
  }

  private static void startsAndGoes(MachineHarness m, long seconds) {
    Caller caller = m.acquire();
    m.passSeconds(seconds);
    Instance instance = m.ready(m.starts.get(m.starts.size() - 1));
    caller.close();
    m.releaseNow();
    m.released(instance);
  }

  @Test
  void startEstimate_isTheMedian_andWhatNearlyAllTake() {
    MachineHarness m = machine(b -> b.startTimeout(Duration.ofMinutes(5)));
    assertThat(m.machine.startEstimate()).isNull();
    for (int seconds = 20; seconds > 0; seconds--) {
      startsAndGoes(m, seconds);
    }
    assertThat(m.machine.startEstimate())
        .isEqualTo(new StartEstimate(Duration.ofSeconds(11), Duration.ofSeconds(19), 20));
    m.acquire();
    m.ready(m.starts.get(20));

    assertThat(m.events(DeploymentEvent.InstanceStarting.class).get(0).expected()).isNull();
    assertThat(m.events(DeploymentEvent.InstanceStarting.class).get(20).expected())
        .isEqualTo(Duration.ofSeconds(11));
    assertThat(m.events(DeploymentEvent.InstanceReady.class).get(20))
        .satisfies(
            e -> {
              assertThat(e.expected()).isEqualTo(Duration.ofSeconds(11));
              assertThat(e.startDuration()).isZero();
            });
  }

  @Test
  void startTimeoutFactor_givesAStartSoManyTimesWhatStartsTake_andNeverLess() {
    MachineHarness m = machine(b -> b.startTimeout(Duration.ofSeconds(30)).startTimeoutFactor(3));
    startsAndGoes(m, 20);
    Caller patient = m.acquire();
    m.passSeconds(59);
    assertThat(patient.isWaiting()).isTrue();
    m.passSeconds(1);
    assertThat(patient.error()).hasMessageContaining("not ready within 60 s (startTimeout)");

    MachineHarness quick =
        machine(b -> b.startTimeout(Duration.ofSeconds(30)).startTimeoutFactor(3));
    startsAndGoes(quick, 2);
    Caller other = quick.acquire();
    quick.passSeconds(29);
    assertThat(other.isWaiting()).isTrue();
    quick.passSeconds(1);
    assertThat(other.isWaiting()).isFalse();
  }

  @Test
  void minimum_isNotStartedBeforeTheDeploymentIsOpen() {
    MachineHarness m = machine(b -> b.minInstances(1));
    m.fire();
    assertThat(m.starts).as("one may still be adopted").isEmpty();
    m.open();
    assertThat(m.starts).hasSize(1);
  }

  @Test
  void withABudget_theMinimumIsStartedOneAfterTheOther() {
    MachineHarness m = machine(b -> b.minInstances(3).maxInstances(3));
    m.allow(affordable());
    m.open();
    assertThat(m.starts).hasSize(1);
    m.allow(affordable());
    assertThat(m.starts).hasSize(2);
    MachineHarness n = machine(b -> b.minInstances(3).maxInstances(3));
    n.open();
    assertThat(n.starts).as("without one all at once").hasSize(3);
  }

  @Test
  void progress_isATurnOnlyWhenItsPreparationBeginsOrEnds() {
    MachineHarness m = machine(b -> b);
    m.acquire();
    Instance instance = m.starts.get(0);
    assertThat(progress(m, instance, false)).isFalse();
    assertThat(progress(m, instance, true)).isTrue();
    assertThat(progress(m, instance, true)).isFalse();
    assertThat(instance.progress()).isNotNull();
    assertThat(progress(m, instance, false)).isTrue();
    m.ready(instance);
    assertThat(progress(m, instance, true)).as("it starts no longer").isFalse();
    m.fire(); // has the effects carried out
  }

  private static boolean progress(MachineHarness m, Instance instance, boolean preparing) {
    return m.machine.progress(m.now(), instance, MachineHarness.progress(preparing));
  }

  @Test
  void readiness_isToldWithTheTimeThatTheStartTook() {
    MachineHarness m = machine(b -> b);
    m.acquire();
    m.passSeconds(7);
    m.ready(m.starts.get(0));
    assertThat(m.events(DeploymentEvent.InstanceReady.class))
        .singleElement()
        .satisfies(e -> assertThat(e.startDuration()).isEqualTo(Duration.ofSeconds(7)));
    assertThat(m.events(DeploymentEvent.InstanceAdopted.class)).isEmpty();
  }

  @Test
  void adoption_isToldWithTheMomentSinceWhichItIsReady() {
    MachineHarness m = machine(b -> b);
    Instance adopted = m.adopt(60, 0);
    m.passSeconds(2);
    m.ready(adopted);
    assertThat(m.events(DeploymentEvent.InstanceAdopted.class))
        .singleElement()
        .satisfies(e -> assertThat(e.readySince()).isEqualTo(Instant.EPOCH.plusNanos(m.now())));
    assertThat(m.events(DeploymentEvent.InstanceReady.class)).isEmpty();
  }

  @Test
  void adoptedInstanceThatIsNotReady_goesWithoutAWordToLeases_ifThereAreNone() {
    MachineHarness m = machine(b -> b);
    Instance adopted = m.adopt(60, 0);
    m.startFails(adopted);
    assertThat(adopted.phase()).isEqualTo(RELEASING);
    assertThat(m.losses).isEmpty();
    assertThat(m.machine.startFailures()).isZero();
  }

  @Test
  void callerWhoseInstanceIsLost_isServedByAnotherThatHasRoom() {
    MachineHarness m = machine(b -> b.maxInstances(2).concurrency(1)).warm();
    Caller busy = m.acquire();
    Caller own = m.acquire(RouteRule.scaleOut());
    busy.close();
    assertThat(m.starts.get(0).phase()).isEqualTo(READY);
    m.machine.release(m.now()); // drains the idle one, not the one that starts for its caller
    m.fire();
    assertThat(own.isWaiting()).isTrue();
    m.ready(m.starts.get(1));
    assertThat(own.instance()).isSameAs(m.starts.get(1));
  }
}
