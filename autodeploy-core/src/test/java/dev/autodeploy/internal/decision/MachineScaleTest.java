package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.internal.decision.MachineHarness.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.ErrorCode;
import dev.autodeploy.RouteRule;
import dev.autodeploy.StartReason;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** More instances only when every ready one is full and somebody waits; fewer one by one. */
final class MachineScaleTest {

  @Test
  void acquire_beyondTheConcurrency_startsOneMore() {
    MachineHarness m = machine(b -> b.concurrency(2).maxInstances(3)).warm();
    m.acquire(2);
    assertThat(m.starts).hasSize(1);

    Caller third = m.acquire();

    assertThat(m.starts).hasSize(2);
    assertThat(m.starts.get(1).startReason).isEqualTo(StartReason.DEMAND);
    m.ready(m.starts.get(1));
    assertThat(third.instance()).isSameAs(m.starts.get(1));
  }

  @Test
  void demand_thatAStartUnderWayCovers_startsNothingMore() {
    MachineHarness m = machine(b -> b.concurrency(2).maxInstances(10)).warm();
    m.acquire(2);

    m.acquire(2);
    assertThat(m.starts).hasSize(2);
    m.acquire();
    assertThat(m.starts).hasSize(3);
  }

  @Test
  void wakeOfMany_startsOneAndTheRestOnceItIsReady() {
    MachineHarness m = machine(b -> b.concurrency(1).maxInstances(4));
    List<Caller> callers = m.acquire(10);
    assertThat(m.starts).hasSize(1);

    m.ready(m.starts.get(0));

    assertThat(m.starts).hasSize(4);
    m.starts.subList(1, 4).forEach(m::ready);
    assertThat(callers.stream().filter(Caller::isWaiting)).hasSize(6);
    assertThat(m.starts).hasSize(4);
  }

  @Test
  void maximum_isNeverExceeded_evenByInstancesBeingReleased() {
    MachineHarness m = machine(b -> b.concurrency(1).maxInstances(2)).warm();
    m.passSeconds(300);
    List<Caller> callers = m.acquire(5);

    assertThat(m.starts).hasSize(2);
    m.ready(m.starts.get(1));
    assertThat(m.machine.instances()).hasSize(2);
    assertThat(m.starts).hasSize(2);
    m.released(m.starts.get(0));
    assertThat(m.starts).hasSize(3);
    assertThat(callers.get(0).instance()).isSameAs(m.starts.get(1));
  }

  @Test
  void leastLoadedInstance_isChosen() {
    MachineHarness m = machine(b -> b.concurrency(2).maxInstances(2)).warm();
    List<Caller> callers = m.acquire(3);
    m.ready(m.starts.get(1));
    callers.get(0).close();
    callers.get(1).close();

    assertThat(m.acquire().instance()).isSameAs(m.starts.get(0));
    assertThat(callers.get(2).instance()).isSameAs(m.starts.get(1));
  }

  @Test
  void instances_areScaledInOneByOne() {
    MachineHarness m = machine(b -> b.concurrency(1).maxInstances(2)).warm();
    Caller first = m.acquire();
    Caller second = m.acquire();
    m.ready(m.starts.get(1));
    second.close();
    m.passSeconds(300);

    assertThat(m.released()).containsExactly(m.starts.get(1));
    first.close();
    m.passSeconds(300);
    assertThat(m.released()).containsExactly(m.starts.get(1), m.starts.get(0));
  }

  @Test
  void slots_areUsedAgainOnceTheyAreFree() {
    MachineHarness m = machine(b -> b.concurrency(1).maxInstances(2)).warm();
    m.acquire();
    m.acquire();
    m.ready(m.starts.get(1));
    assertThat(m.starts).extracting(i -> i.slot).containsExactly(0, 1);
    m.exits(m.starts.get(0));
    m.released(m.starts.get(0));

    m.acquire();

    assertThat(m.starts.get(2).slot).isZero();
  }

  @Test
  void scaleOut_startsOneMoreAlthoughThereIsRoom() {
    MachineHarness m = machine(b -> b.maxInstances(2)).warm();

    Caller caller = m.acquire(RouteRule.scaleOut());

    assertThat(m.starts.get(1).startReason).isEqualTo(StartReason.SCALE_OUT);
    m.ready(m.starts.get(1));
    assertThat(caller.instance()).isSameAs(m.starts.get(1));
  }

  @Test
  void scaleOut_atTheMaximum_isRefused() {
    MachineHarness m = machine(b -> b).warm();

    assertThat(m.acquire(RouteRule.scaleOut()).error().code())
        .isEqualTo(ErrorCode.REPLICA_QUOTA_EXCEEDED);
  }

  @Test
  void scaleOut_withAFullQueue_startsNothing() {
    MachineHarness m = machine(b -> b.maxInstances(2).maxPending(0).minInstances(1));
    m.open();
    m.ready(m.starts.get(0));

    assertThat(m.acquire(RouteRule.scaleOut()).error().code()).isEqualTo(ErrorCode.QUEUE_FULL);
    assertThat(m.starts).hasSize(1);
  }

  @Test
  void scaleOut_isAnsweredByItsInstance_evenIfOthersWaitLonger() {
    MachineHarness m = machine(b -> b.concurrency(1).maxInstances(3)).warm();
    m.acquire();
    Caller waiting = m.acquire();
    m.passSeconds(1);
    Caller scaleOut = m.acquire(RouteRule.scaleOut());
    assertThat(m.starts).hasSize(3);

    m.ready(m.starts.get(2));
    assertThat(scaleOut.instance()).isSameAs(m.starts.get(2));
    assertThat(waiting.isWaiting()).isTrue();
    m.ready(m.starts.get(1));
    assertThat(waiting.instance()).isSameAs(m.starts.get(1));
  }

  @Test
  void demand_doesNotCountOnRoomThatAScaleOutTakes() {
    MachineHarness m = machine(b -> b.concurrency(1).maxInstances(3)).warm();
    m.acquire();
    m.acquire(RouteRule.scaleOut());

    m.acquire();

    assertThat(m.starts).hasSize(3);
  }

  @Test
  void scaleOut_thatIsCancelled_leavesItsInstanceToOthersOrTheIdleTimeout() {
    MachineHarness m = machine(b -> b.maxInstances(2)).warm();
    m.acquire(RouteRule.scaleOut()).cancel();
    m.ready(m.starts.get(1));

    m.passSeconds(300);

    assertThat(m.released()).containsExactlyInAnyOrder(m.starts.get(0), m.starts.get(1));
  }

  @Test
  void random_goesToAReadyInstanceAndStartsNone() {
    MachineHarness m = machine(b -> b.maxInstances(2));

    assertThat(m.acquire(RouteRule.random()).error().code())
        .isEqualTo(ErrorCode.ROUTE_TARGET_NOT_FOUND);
    assertThat(m.starts).isEmpty();
    m.warm();
    assertThat(m.acquire(RouteRule.random()).instance()).isSameAs(m.starts.get(0));
  }

  @Test
  void roundRobin_takesTheReadyInstancesInTurn() {
    MachineHarness m = machine(b -> b.maxInstances(3)).warm();
    m.acquire(RouteRule.scaleOut());
    m.acquire(RouteRule.scaleOut());
    m.ready(m.starts.get(1));
    m.ready(m.starts.get(2));

    List<Integer> slots = new java.util.ArrayList<>();
    for (int i = 0; i < 6; i++) {
      slots.add(m.acquire(RouteRule.roundRobin()).instance().slot);
    }
    assertThat(slots).containsExactly(0, 1, 2, 0, 1, 2);
  }

  @Test
  void roundRobin_prefersInstancesWithRoom() {
    MachineHarness m = machine(b -> b.concurrency(1).maxInstances(2)).warm();
    Caller out = m.acquire(RouteRule.scaleOut());
    m.ready(m.starts.get(1));

    assertThat(m.acquire(RouteRule.roundRobin()).instance()).isSameAs(m.starts.get(0));
    Caller waiting = m.acquire(RouteRule.roundRobin());
    assertThat(waiting.isWaiting()).isTrue();
    out.close();
    assertThat(m.count(READY)).isEqualTo(2);
  }

  @Test
  void namedInstance_isWaitedForWhileItStarts() {
    MachineHarness m = machine(b -> b);
    m.acquire();
    Caller named = m.acquire(RouteRule.instance("voice-1"));

    assertThat(named.isWaiting()).isTrue();
    m.ready(m.starts.get(0));
    assertThat(named.instance()).isSameAs(m.starts.get(0));
  }

  @Test
  void namedInstance_thatDoesNotExistOrIsReleased_isNotFound() {
    MachineHarness m = machine(b -> b).warm();
    assertThat(m.acquire(RouteRule.instance("voice-9")).error().code())
        .isEqualTo(ErrorCode.ROUTE_TARGET_NOT_FOUND);
    m.passSeconds(300);
    assertThat(m.acquire(RouteRule.instance("voice-1")).error().code())
        .isEqualTo(ErrorCode.ROUTE_TARGET_NOT_FOUND);
  }

  @Test
  void minimum_isStartedWithoutARequestAndKept() {
    MachineHarness m = machine(b -> b.minInstances(2).maxInstances(3));
    m.open();

    assertThat(m.starts).hasSize(2);
    assertThat(m.starts.get(0).startReason).isEqualTo(StartReason.MINIMUM);
    m.starts.forEach(m::ready);
    m.pass(Duration.ofDays(1));
    assertThat(m.releases).isEmpty();
    assertThat(m.timerIn()).isNull();
  }

  @Test
  void minimum_isWhatIsLeftWhenTheRestIsIdle() {
    MachineHarness m = machine(b -> b.concurrency(1).minInstances(1).maxInstances(3));
    m.open();
    m.ready(m.starts.get(0));
    List<Caller> callers = m.acquire(3);
    m.starts.subList(1, 3).forEach(m::ready);
    callers.forEach(Caller::close);

    m.passSeconds(3600);

    assertThat(m.releases).hasSize(2);
    assertThat(m.count(READY)).isEqualTo(1);
  }

  @Test
  void minimum_thatExits_isStartedAgainButNotInACrashLoop() {
    MachineHarness m =
        machine(b -> b.minInstances(1).startBackoff(Duration.ofSeconds(2), Duration.ofMinutes(1)));
    m.open();
    m.ready(m.starts.get(0));
    m.exits(m.starts.get(0));
    m.released(m.starts.get(0));
    assertThat(m.starts).hasSize(1);

    m.passSeconds(2);

    assertThat(m.starts).hasSize(2);
  }

  @Test
  void minimum_thatIsLowered_isScaledIn() {
    MachineHarness m = machine(b -> b.minInstances(1));
    m.open();
    m.ready(m.starts.get(0));
    m.passSeconds(1000);

    m.update(b -> b.minInstances(0));
    m.pass(Duration.ZERO);

    assertThat(m.releases).hasSize(1);
  }
}
