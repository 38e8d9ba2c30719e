package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.MachineHarness.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.ErrorCode;
import dev.autodeploy.RouteRule;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import org.junit.jupiter.api.Test;

/** Requests that prefer an instance, that wake none, and that keep none. */
final class MachineAffinityTest {

  private static MachineHarness two() {
    MachineHarness m = machine(b -> b.maxInstances(2).concurrency(1));
    Caller first = m.acquire();
    m.ready(m.starts.get(0));
    Caller second = m.acquire(RouteRule.scaleOut());
    m.ready(m.starts.get(1));
    first.close();
    second.close();
    return m;
  }

  @Test
  void preferred_isTaken_thoughAnotherOneIsIdle() {
    MachineHarness m = two();

    for (int i = 0; i < 50; i++) {
      Caller caller = m.acquire(RouteRule.preferred("voice-2"));
      assertThat(caller.instance().id()).isEqualTo("voice-2");
      caller.close();
    }
  }

  @Test
  void preferred_atItsConcurrency_isWaitedFor() {
    MachineHarness m = two();
    Caller busy = m.acquire(RouteRule.preferred("voice-2"));
    Caller waits = m.acquire(RouteRule.preferred("voice-2"));

    assertThat(waits.isWaiting()).isTrue(); // though the other one has room
    assertThat(m.acquire().instance().id()).isEqualTo("voice-1");
    busy.close();

    assertThat(waits.instance().id()).isEqualTo("voice-2");
  }

  @Test
  void preferred_thatIsGone_isReplacedByAnyOther() {
    MachineHarness m = two();
    m.acquire(RouteRule.preferred("voice-2"));
    Caller waits = m.acquire(RouteRule.preferred("voice-2"));
    m.exits(m.starts.get(1));

    assertThat(waits.instance().id()).isEqualTo("voice-1");
    waits.close();
    assertThat(m.acquire(RouteRule.preferred("voice-2")).instance().id()).isEqualTo("voice-1");
  }

  @Test
  void preferred_withoutAnyInstance_startsOne() {
    MachineHarness m = machine(b -> b);
    Caller caller = m.acquire(RouteRule.preferred("voice-9"));
    m.ready(m.starts.get(0));

    assertThat(caller.instance()).isSameAs(m.starts.get(0));
  }

  @Test
  void running_startsNothing_andTakesWhatThereIs() {
    MachineHarness m = machine(b -> b);

    assertThat(m.acquire(RouteRule.running()).error().code())
        .isEqualTo(ErrorCode.ROUTE_TARGET_NOT_FOUND);
    assertThat(m.starts).isEmpty();

    Caller wakes = m.acquire();
    Caller joins = m.acquire(RouteRule.running());
    assertThat(joins.isWaiting()).isTrue();
    m.ready(m.starts.get(0));
    assertThat(joins.instance()).isSameAs(wakes.instance());
    assertThat(m.starts).hasSize(1);
  }

  @Test
  void lend_countsNothing_andKeepsNothing() {
    MachineHarness m = machine(b -> b.concurrency(1));
    assertThat(m.machine.lend(RouteRule.defaultRule())).isNull();
    m.warm();
    m.passSeconds(299);

    assertThat(m.machine.lend(RouteRule.defaultRule())).isSameAs(m.starts.get(0));
    assertThat(m.machine.inFlight()).isZero();
    m.passSeconds(1);

    assertThat(m.released()).containsExactly(m.starts.get(0)); // to the second
    assertThat(m.machine.lend(RouteRule.defaultRule())).isNull();
  }

  @Test
  void lend_toARuleThatNamesAnInstance_givesThatOneOrNone() {
    MachineHarness m = machine(b -> b.maxInstances(2)).warm();
    m.acquire(RouteRule.scaleOut());
    m.ready(m.starts.get(1));
    for (Instance named : m.starts) {
      assertThat(m.machine.lend(RouteRule.instance(named.id))).isSameAs(named);
      assertThat(m.machine.lend(RouteRule.preferred(named.id))).isSameAs(named);
    }
    assertThat(m.machine.lend(RouteRule.instance("voice-nobody"))).isNull();
    assertThat(m.machine.lend(RouteRule.preferred("voice-nobody"))).isNotNull();
  }

  @Test
  void lend_givesAnInstanceThatIsFull_andNoneThatDrains() {
    MachineHarness m = machine(b -> b.concurrency(1)).warm();
    Caller busy = m.acquire();
    assertThat(m.machine.lend(RouteRule.defaultRule())).isSameAs(m.starts.get(0));

    m.release();
    assertThat(m.machine.lend(RouteRule.defaultRule())).isNull();
    busy.close();
  }
}
