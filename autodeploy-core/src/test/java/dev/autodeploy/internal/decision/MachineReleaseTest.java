package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.DRAINING;
import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.InstancePhase.RELEASING;
import static dev.autodeploy.InstancePhase.STARTING;
import static dev.autodeploy.internal.decision.MachineHarness.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.ErrorCode;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.RouteRule;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Release, force, update, remove and close, in every phase. */
final class MachineReleaseTest {

  @Test
  void release_ofAnIdleInstance_isAtOnce() {
    MachineHarness m = machine(b -> b).warm();

    assertThat(m.release()).containsExactly(m.starts.get(0));

    assertThat(m.released()).containsExactly(m.starts.get(0));
    assertThat(m.starts.get(0).releaseReason).isEqualTo(ReleaseReason.REQUESTED);
  }

  @Test
  void release_ofABusyInstance_waitsForItsLeases() {
    MachineHarness m = machine(b -> b).warm();
    Caller first = m.acquire();
    Caller second = m.acquire();
    m.release();

    assertThat(m.starts.get(0).phase()).isEqualTo(DRAINING);
    first.close();
    assertThat(m.releases).isEmpty();
    second.close();
    assertThat(m.released()).containsExactly(m.starts.get(0));
  }

  @Test
  void acquire_whileDraining_waitsForTheNextInstance() {
    MachineHarness m = machine(b -> b).warm();
    Caller holder = m.acquire();
    m.release();

    Caller caller = m.acquire();

    assertThat(caller.isWaiting()).isTrue();
    holder.close();
    m.released(m.starts.get(0));
    m.ready(m.starts.get(1));
    assertThat(caller.instance()).isSameAs(m.starts.get(1));
  }

  @Test
  void release_leavesAnInstanceThatStartsForWaiters() {
    MachineHarness m = machine(b -> b);
    Caller caller = m.acquire();

    assertThat(m.release()).isEmpty();

    m.ready(m.starts.get(0));
    assertThat(caller.instance()).isNotNull();
  }

  @Test
  void release_ofAnInstanceThatStartsForNobody_isAtOnce() {
    MachineHarness m = machine(b -> b);
    m.acquire().cancel();

    assertThat(m.release()).hasSize(1);
    assertThat(m.releases).hasSize(1);
  }

  @Test
  void release_twice_isOneRelease() {
    MachineHarness m = machine(b -> b).warm();
    m.release();
    assertThat(m.release()).containsExactly(m.starts.get(0));
    assertThat(m.releases).hasSize(1);
  }

  @Test
  void releaseNow_losesLeasesAndRefusesWaiters() {
    MachineHarness m = machine(b -> b.concurrency(1)).warm();
    Caller holder = m.acquire();
    Caller any = m.acquire();
    Caller bound = m.acquire(RouteRule.instance("voice-1"));

    m.releaseNow();

    assertThat(any.error().code()).isEqualTo(ErrorCode.RELEASED);
    assertThat(bound.error().code()).isEqualTo(ErrorCode.RELEASED);
    assertThat(m.losses).containsExactly(m.starts.get(0));
    assertThat(m.releases.get(0).grace()).isEqualTo(Duration.ZERO);
    holder.close();
    assertThat(m.machine.inFlight()).isZero();
    m.released(m.starts.get(0));
    assertThat(m.starts).hasSize(1);
  }

  @Test
  void releaseNow_whileStarting_takesTheStartBack() {
    MachineHarness m = machine(b -> b);
    Caller caller = m.acquire();
    m.releaseNow();

    assertThat(caller.error().code()).isEqualTo(ErrorCode.RELEASED);
    m.ready(m.starts.get(0));
    assertThat(m.starts.get(0).phase()).isEqualTo(RELEASING);
  }

  @Test
  void releaseNow_whileDraining_doesNotWaitForLeases() {
    MachineHarness m = machine(b -> b).warm();
    m.acquire();
    m.release();

    m.releaseNow();

    assertThat(m.released()).containsExactly(m.starts.get(0));
    assertThat(m.machine.inFlight()).isZero();
  }

  @Test
  void releaseNow_whileReleasing_cutsTheGracePeriod() {
    MachineHarness m = machine(b -> b.releaseGrace(Duration.ofHours(1))).warm();
    m.release();
    assertThat(m.releases.get(0).grace()).isEqualTo(Duration.ofHours(1));

    m.releaseNow();

    assertThat(m.releases).hasSize(2);
    assertThat(m.releases.get(1).grace()).isEqualTo(Duration.ZERO);
    m.released(m.starts.get(0));
    assertThat(m.accountsClosed).hasSize(1);
  }

  @Test
  void update_thatChangesTheInstance_drainsTheOldAndServesFromTheNew() {
    MachineHarness m = machine(b -> b).warm();
    Caller holder = m.acquire();

    m.update(b -> b.startCommand("serve --new"));
    Caller caller = m.acquire();

    assertThat(m.starts.get(0).phase()).isEqualTo(DRAINING);
    assertThat(m.starts).hasSize(1);
    holder.close();
    m.released(m.starts.get(0));
    assertThat(m.starts.get(1).spec.startCommand()).isEqualTo("serve --new");
    m.ready(m.starts.get(1));
    assertThat(caller.instance()).isSameAs(m.starts.get(1));
  }

  @Test
  void update_whileStarting_startsTheNewForThoseWhoWait() {
    MachineHarness m = machine(b -> b);
    Caller caller = m.acquire();

    m.update(b -> b.port(9090));

    assertThat(m.starts.get(0).phase()).isEqualTo(RELEASING);
    assertThat(caller.isWaiting()).isTrue();
    m.released(m.starts.get(0));
    assertThat(m.starts.get(1).spec.port()).isEqualTo(9090);
  }

  @Test
  void update_withRoom_startsTheNewBesideTheOld() {
    MachineHarness m = machine(b -> b.maxInstances(2)).warm();
    m.acquire();
    m.update(b -> b.maxInstances(2).port(9090));

    m.acquire();

    assertThat(m.starts).hasSize(2);
  }

  @Test
  void update_ofWhatNoInstanceDependsOn_keepsTheInstance() {
    MachineHarness m = machine(b -> b.concurrency(1)).warm();
    m.acquire();
    Caller waiting = m.acquire();

    m.update(b -> b.concurrency(2).idleTimeout(Duration.ofSeconds(10)));

    assertThat(waiting.instance()).isSameAs(m.starts.get(0));
    assertThat(m.releases).isEmpty();
  }

  @Test
  void update_ofTheIdleTimeout_appliesToAnIdleInstanceAtOnce() {
    MachineHarness m = machine(b -> b).warm();
    m.passSeconds(20);

    m.update(b -> b.idleTimeout(Duration.ofSeconds(10)));
    m.pass(Duration.ZERO);

    assertThat(m.releases).hasSize(1);
  }

  @Test
  void update_thatLowersTheMaximum_drainsTheYoungestOfThoseThatAreBusy() {
    MachineHarness m = machine(b -> b.maxInstances(3)).warm();
    m.acquire();
    m.acquire(RouteRule.scaleOut());
    m.acquire(RouteRule.scaleOut());
    m.ready(m.starts.get(1));
    m.ready(m.starts.get(2));

    m.update(b -> b.maxInstances(1));

    assertThat(m.machine.instances())
        .extracting(i -> i.phase())
        .containsExactly(READY, DRAINING, DRAINING);
  }

  @Test
  void update_thatLowersTheMaximum_drainsWhatIsIdleBeforeWhatIsBusy() {
    MachineHarness m = machine(b -> b.concurrency(1).maxInstances(2)).warm();
    m.acquire(RouteRule.scaleOut());
    m.ready(m.starts.get(1));

    m.update(b -> b.concurrency(1).maxInstances(1));

    assertThat(m.released()).containsExactly(m.starts.get(0));
    assertThat(m.starts.get(1).phase()).isEqualTo(READY);
  }

  @Test
  void update_thatLowersTheMaximumTwice_leavesAloneWhatDrainsAlready() {
    MachineHarness m = machine(b -> b.concurrency(1).maxInstances(3)).warm();
    m.acquire(3);
    m.ready(m.starts.get(1));
    m.ready(m.starts.get(2));
    m.update(b -> b.concurrency(1).maxInstances(2));
    assertThat(m.starts.get(2).phase()).isEqualTo(DRAINING);

    m.update(b -> b.concurrency(1).maxInstances(1));

    assertThat(m.machine.instances())
        .extracting(i -> i.phase())
        .containsExactly(READY, DRAINING, DRAINING);
  }

  @Test
  void update_thatLowersTheMaximum_givesUpStartsBeforeWhatServes() {
    MachineHarness m = machine(b -> b.concurrency(1).maxInstances(3)).warm();
    m.acquire(3);
    Instance older = m.starts.get(1);
    m.ready(m.starts.get(2));

    m.update(b -> b.concurrency(1).maxInstances(2));

    assertThat(m.released()).containsExactly(older);
    assertThat(m.starts.get(2).phase()).isEqualTo(READY);
  }

  @Test
  void update_thatLowersTheMaximum_givesUpStartsThatAreStillToBeAskedForFirst() {
    MachineHarness m = machine(b -> b.concurrency(1).maxInstances(3)).warm();
    m.acquire(3);
    Instance notAskedFor = m.starts.get(1);
    m.starts.get(2).startAsked = true;

    m.update(b -> b.concurrency(1).maxInstances(2));

    assertThat(m.released())
        .as("gone at once, and so no third exists")
        .containsExactly(notAskedFor);
  }

  @Test
  void update_thatLowersTheMaximum_givesUpAStartBesideWhatStillDrains() {
    MachineHarness m = machine(b -> b.maxInstances(2)).warm();
    m.acquire();
    m.update(b -> b.maxInstances(2).image("newer"));
    Caller waiting = m.acquire();
    assertThat(m.starts).hasSize(2);

    m.update(b -> b.maxInstances(1).image("newer"));

    assertThat(m.machine.instances())
        .extracting(i -> i.phase())
        .containsExactly(DRAINING, RELEASING);
    assertThat(waiting.isWaiting()).isTrue();
    m.released(m.starts.get(1));
    assertThat(m.starts).as("the one that drains takes the only place").hasSize(2);
  }

  @Test
  void update_endsTheBackOff() {
    MachineHarness m = machine(b -> b);
    m.acquire();
    m.startFails(m.starts.get(0));
    m.released(m.starts.get(0));

    m.update(b -> b.image("repaired"));

    assertThat(m.acquire().isWaiting()).isTrue();
    assertThat(m.starts).hasSize(2);
  }

  @Test
  void remove_refusesWaitersDrainsAndTerminates() {
    MachineHarness m = machine(b -> b.concurrency(1)).warm();
    Caller holder = m.acquire();
    Caller waiting = m.acquire();

    m.remove();

    assertThat(waiting.error().code()).isEqualTo(ErrorCode.DEPLOYMENT_NOT_FOUND);
    assertThat(m.acquire().error().code()).isEqualTo(ErrorCode.DEPLOYMENT_NOT_FOUND);
    assertThat(m.releases).isEmpty();
    holder.close();
    assertThat(m.terminations).isZero();
    m.released(m.starts.get(0));
    assertThat(m.terminations).isEqualTo(1);
    assertThat(m.starts).hasSize(1);
  }

  @Test
  void remove_onStandby_terminatesAtOnce() {
    MachineHarness m = machine(b -> b);
    m.remove();
    m.remove();
    assertThat(m.terminations).isEqualTo(1);
  }

  @Test
  void remove_whileStarting_takesTheStartBack() {
    MachineHarness m = machine(b -> b.minInstances(1));
    m.open();
    m.remove();

    assertThat(m.released()).containsExactly(m.starts.get(0));
    m.released(m.starts.get(0));
    assertThat(m.starts).hasSize(1);
    assertThat(m.terminations).isEqualTo(1);
  }

  @Test
  void close_letsLeasesFinishUpToItsDeadline() {
    MachineHarness m = machine(b -> b).warm();
    Caller holder = m.acquire();

    m.close(Duration.ofSeconds(30), false);

    m.passSeconds(29);
    assertThat(m.releases).isEmpty();
    m.passSeconds(1);
    assertThat(m.losses).containsExactly(m.starts.get(0));
    assertThat(m.releases.get(0).grace()).isEqualTo(Duration.ZERO);
    holder.close();
    m.released(m.starts.get(0));
    assertThat(m.terminations).isEqualTo(1);
  }

  @Test
  void close_withoutPatience_cutsAtOnce() {
    MachineHarness m = machine(b -> b).warm();
    m.acquire();
    m.close(Duration.ZERO, false);
    m.pass(Duration.ZERO);
    assertThat(m.releases).hasSize(1);
  }

  @Test
  void close_inEveryPhase_releasesEverything() {
    MachineHarness m = machine(b -> b.concurrency(1).maxInstances(4)).warm();
    List<Caller> callers = m.acquire(3);
    m.ready(m.starts.get(1));
    callers.get(0).close();
    m.release();
    m.acquire();
    assertThat(m.machine.instances())
        .extracting(i -> i.phase())
        .contains(STARTING, RELEASING, DRAINING);

    m.close(Duration.ofSeconds(1), false);
    m.passSeconds(1);

    assertThat(m.machine.instances()).allMatch(i -> i.phase() == RELEASING);
    List.copyOf(m.machine.instances()).forEach(m::released);
    assertThat(m.terminations).isEqualTo(1);
    assertThat(m.machine.pending()).isZero();
    assertThat(m.machine.inFlight()).isZero();
    assertThat(m.timerIn() == null || m.machine.instances().isEmpty()).isTrue();
  }

  @Test
  void close_whileARemovalDrains_givesItADeadline() {
    MachineHarness m = machine(b -> b).warm();
    m.acquire();
    m.remove();

    m.close(Duration.ofSeconds(5), false);
    m.passSeconds(5);

    assertThat(m.releases).hasSize(1);
  }

  @Test
  void close_whileAReleaseFails_triesAtOnceAndGoesOnTrying() {
    MachineHarness m = machine(b -> b).warm();
    m.release();
    m.releaseFails(m.starts.get(0));

    m.close(Duration.ZERO, false);

    assertThat(m.releases).hasSize(2);
    m.releaseFails(m.starts.get(0));
    m.passSeconds(2);
    assertThat(m.releases).hasSize(3);
    m.released(m.starts.get(0));
    assertThat(m.terminations).isEqualTo(1);
  }

  @Test
  void close_thatLeaves_leavesTheReadyAndReleasesTheStarting() {
    MachineHarness m = machine(b -> b.maxInstances(2)).warm();
    m.acquire(RouteRule.scaleOut());

    m.close(Duration.ofSeconds(5), true);

    assertThat(m.detached).containsExactly(m.starts.get(0));
    assertThat(m.released()).containsExactly(m.starts.get(1));
    m.left(m.starts.get(0));
    m.released(m.starts.get(1));
    assertThat(m.terminations).isEqualTo(1);
    assertThat(m.accountsClosed).containsExactly(m.starts.get(1));
  }

  @Test
  void close_thatLeaves_asksOnceEvenIfTheAnswerTakesLong() {
    MachineHarness m = machine(b -> b).warm();
    m.close(Duration.ofSeconds(5), true);

    m.passSeconds(60);

    assertThat(m.detached).hasSize(1);
  }

  @Test
  void close_thatLeaves_waitsForLeasesUpToItsDeadline() {
    MachineHarness m = machine(b -> b).warm();
    Caller holder = m.acquire();
    m.close(Duration.ofSeconds(5), true);
    assertThat(m.detached).isEmpty();

    m.passSeconds(5);

    assertThat(m.detached).hasSize(1);
    assertThat(m.releases).isEmpty();
    assertThat(m.losses).hasSize(1);
    holder.close();
    assertThat(m.detached).hasSize(1);
  }

  @Test
  void exit_whileBeingLeft_isReleasedAndAccountedFor() {
    MachineHarness m = machine(b -> b).warm();
    m.close(Duration.ofSeconds(5), true);

    m.exits(m.starts.get(0));
    m.left(m.starts.get(0));
    assertThat(m.terminations).isZero();
    m.released(m.starts.get(0));

    assertThat(m.accountsClosed).containsExactly(m.starts.get(0));
    assertThat(m.terminations).isEqualTo(1);
  }

  @Test
  void acquire_afterClose_isRefused() {
    MachineHarness m = machine(b -> b);
    m.close(Duration.ZERO, false);

    assertThat(m.acquire().error().code()).isEqualTo(ErrorCode.CLOSED);
    assertThat(m.acquire(RouteRule.scaleOut()).error().code()).isEqualTo(ErrorCode.CLOSED);
    assertThat(m.starts).isEmpty();
  }

  @Test
  void reserved_servesNobodyElseUntilItIsGivenBack() {
    MachineHarness m = machine(b -> b).warm();
    Caller holder = m.acquire();
    assertThat(m.reserve(m.starts.get(0), true)).isTrue();

    Caller caller = m.acquire();
    assertThat(caller.isWaiting()).isTrue();
    m.reserve(m.starts.get(0), false);

    assertThat(caller.instance()).isSameAs(m.starts.get(0));
    holder.close();
    caller.close();
  }

  @Test
  void reserve_ofAnInstanceThatServesOthers_isRefused() {
    MachineHarness m = machine(b -> b).warm();
    m.acquire(2);

    assertThat(m.reserve(m.starts.get(0), true)).isFalse();
    assertThat(m.acquire().instance()).isNotNull();
  }

  @Test
  void reserved_whenDrained_isReleasedWithItsLease() {
    MachineHarness m = machine(b -> b).warm();
    Caller holder = m.acquire();
    m.reserve(m.starts.get(0), true);
    m.release();
    m.reserve(m.starts.get(0), false);
    holder.close();

    assertThat(m.releases).hasSize(1);
  }

  @Test
  void detached_countsOnlyIfTheInstanceDidNotEndBefore() {
    MachineHarness m = machine(b -> b.maxInstances(2)).warm();
    Instance instance = m.starts.get(0);
    m.close(Duration.ofSeconds(5), true);
    assertThat(m.detached).containsExactly(instance);

    m.exits(instance);

    assertThat(m.left(instance)).isFalse();
    assertThat(m.machine.instances()).containsExactly(instance);
    m.released(instance);
    assertThat(m.left(instance)).isFalse();
    assertThat(m.terminations).isEqualTo(1);
  }

  @Test
  void detached_ofAReadyInstance_isTheEndOfItHere() {
    MachineHarness m = machine(b -> b).warm();
    Instance instance = m.starts.get(0);
    m.close(Duration.ofSeconds(5), true);

    assertThat(m.left(instance)).isTrue();
    assertThat(m.machine.instances()).isEmpty();
    assertThat(m.terminations).isEqualTo(1);
  }
}
