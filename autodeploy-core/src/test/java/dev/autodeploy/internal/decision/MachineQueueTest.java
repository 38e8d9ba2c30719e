package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.MachineHarness.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AcquireTimeoutException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.QueueFullException;
import dev.autodeploy.RouteRule;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whoever waits: gets a lease or an error by the deadline, in the order in which they came. */
final class MachineQueueTest {

  @Test
  void waiter_atItsDeadline_isToldWhatItWaitedFor() {
    MachineHarness m = machine(b -> b);
    Caller caller = m.acquire(Duration.ofSeconds(3));

    m.pass(Duration.ofMillis(2999));
    assertThat(caller.isWaiting()).isTrue();
    m.pass(Duration.ofMillis(1));

    assertThat(caller.error())
        .isInstanceOf(AcquireTimeoutException.class)
        .hasMessageContaining("3000 ms")
        .hasMessageContaining("1 starting");
  }

  @Test
  void deadlines_areKeptEachByItself() {
    MachineHarness m = machine(b -> b);
    Caller late = m.acquire(Duration.ofSeconds(30));
    Caller early = m.acquire(Duration.ofSeconds(5));
    Caller middle = m.acquire(Duration.ofSeconds(10));

    m.passSeconds(5);
    assertThat(early.error().code()).isEqualTo(ErrorCode.ACQUIRE_TIMEOUT);
    assertThat(middle.isWaiting()).isTrue();
    m.passSeconds(5);
    assertThat(middle.error().code()).isEqualTo(ErrorCode.ACQUIRE_TIMEOUT);
    assertThat(late.isWaiting()).isTrue();
    m.ready(m.starts.get(0));
    assertThat(late.instance()).isSameAs(m.starts.get(0));
  }

  @Test
  void deadline_ofAWaiterForOneInstance_isKeptToo() {
    MachineHarness m = machine(b -> b.concurrency(1)).warm();
    m.acquire();
    Caller bound = m.acquire(RouteRule.instance(m.starts.get(0).id), Duration.ofSeconds(7));

    m.passSeconds(7);

    assertThat(bound.error().code()).isEqualTo(ErrorCode.ACQUIRE_TIMEOUT);
    assertThat(m.machine.pending()).isZero();
  }

  @Test
  void waiters_areServedInTheOrderInWhichTheyCame() {
    MachineHarness m = machine(b -> b.concurrency(1)).warm();
    Caller busy = m.acquire();
    List<Caller> callers = m.acquire(3);

    busy.close();
    assertThat(callers.get(0).instance()).isNotNull();
    assertThat(callers.get(1).isWaiting()).isTrue();
    callers.get(0).close();
    assertThat(callers.get(1).instance()).isNotNull();
    assertThat(callers.get(2).isWaiting()).isTrue();
  }

  @Test
  void waiters_forOneInstanceAndForAny_shareItsRoomInOrder() {
    MachineHarness m = machine(b -> b.concurrency(1)).warm();
    RouteRule named = RouteRule.instance(m.starts.get(0).id);
    Caller busy = m.acquire();
    Caller first = m.acquire();
    m.passSeconds(1);
    Caller second = m.acquire(named);
    m.passSeconds(1);
    Caller third = m.acquire();
    m.passSeconds(1);
    Caller fourth = m.acquire(named);

    busy.close();
    assertThat(first.instance()).isNotNull();
    first.close();
    assertThat(second.instance()).isNotNull();
    assertThat(third.isWaiting()).isTrue();
    second.close();
    assertThat(third.instance()).isNotNull();
    third.close();
    assertThat(fourth.instance()).isNotNull();
  }

  @Test
  void newcomer_doesNotOvertakeThoseWhoWait() {
    MachineHarness m = machine(b -> b.concurrency(2));
    List<Caller> callers = m.acquire(4);
    m.ready(m.starts.get(0));
    Caller newcomer = m.acquire();

    callers.get(0).close();

    assertThat(callers.get(2).instance()).isNotNull();
    assertThat(newcomer.isWaiting()).isTrue();
  }

  @Test
  void acquire_beyondMaxPending_isRefusedAtOnce() {
    MachineHarness m = machine(b -> b.maxPending(2));
    List<Caller> callers = m.acquire(2);

    Caller third = m.acquire();

    assertThat(third.error()).isInstanceOf(QueueFullException.class);
    assertThat(callers).allMatch(Caller::isWaiting);
    callers.get(0).cancel();
    assertThat(m.acquire().isWaiting()).isTrue();
  }

  @Test
  void acquire_withoutAQueue_isServedOnlyWhenReady() {
    MachineHarness m = machine(b -> b.maxPending(0).minInstances(1));
    m.open();

    assertThat(m.acquire().error().code()).isEqualTo(ErrorCode.QUEUE_FULL);
    m.ready(m.starts.get(0));
    assertThat(m.acquire().instance()).isNotNull();
  }

  @Test
  void refusedByAFullQueue_startsNothing() {
    MachineHarness m = machine(b -> b.maxPending(0));

    m.acquire();

    assertThat(m.starts).isEmpty();
  }

  @Test
  void cancel_freesThePlaceAndIsNotAnswered() {
    MachineHarness m = machine(b -> b.concurrency(1));
    Caller first = m.acquire();
    Caller second = m.acquire();

    first.cancel();
    m.ready(m.starts.get(0));

    assertThat(first.gaveUp()).isTrue();
    assertThat(second.instance()).isNotNull();
    assertThat(m.machine.inFlight()).isEqualTo(1);
  }

  @Test
  void cancel_afterTheAnswer_changesNothing() {
    MachineHarness m = machine(b -> b);
    Caller caller = m.acquire();
    m.ready(m.starts.get(0));

    caller.cancel();

    assertThat(caller.gaveUp()).isFalse();
    assertThat(m.machine.inFlight()).isEqualTo(1);
  }

  @Test
  void longestWait_doesNotOverflowTheTimeLine() {
    MachineHarness m = machine(b -> b);

    m.acquire(Duration.ofDays(3650));
    m.pass(Duration.ofDays(1));

    assertThat(m.machine.pending()).isZero();
    assertThat(m.starts.get(0).phase()).isEqualTo(dev.autodeploy.InstancePhase.RELEASING);
  }
}
