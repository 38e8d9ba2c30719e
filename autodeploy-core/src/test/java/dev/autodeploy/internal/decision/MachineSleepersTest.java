package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.ASLEEP;
import static dev.autodeploy.InstancePhase.FALLING_ASLEEP;
import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.InstancePhase.RELEASING;
import static dev.autodeploy.internal.decision.MachineHarness.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.RouteRule;
import dev.autodeploy.SleepMode;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Several instances of one deployment, some of which sleep: which of them is woken. */
final class MachineSleepersTest {
  private static final GpuRequest ONE = GpuRequest.count(1);

  /** Two instances that take one request each, the second used ten seconds after the first. */
  private static MachineHarness two() {
    MachineHarness m = machine(b -> sleepy(b).maxInstances(2).concurrency(1));
    List<Caller> callers = m.acquire(2);
    m.ready(m.starts.get(0));
    m.ready(m.starts.get(1));
    callers.get(0).close();
    m.passSeconds(10);
    callers.get(1).close();
    return m;
  }

  private static DeploymentSpec.Builder sleepy(DeploymentSpec.Builder b) {
    return b.sleepMode(SleepMode.vllm()).sleepAfter(Duration.ofMinutes(1));
  }

  private static MachineHarness bothAsleep() {
    MachineHarness m = two().passSeconds(50);
    m.slept(null);
    m.passSeconds(10);
    m.slept(null);
    assertThat(m.count(ASLEEP)).isEqualTo(2);
    return m;
  }

  /** Both are asleep, in the rooms 1 and 2, which others may have. */
  private static MachineHarness bothAsleepInRooms() {
    MachineHarness m = machine(b -> sleepy(b).gpu(ONE).maxInstances(2).concurrency(1));
    Caller first = m.acquire();
    m.give(1, ONE);
    m.ready(m.starts.get(0));
    Caller second = m.acquire();
    m.give(2, ONE);
    m.ready(m.starts.get(1));
    first.close();
    second.close();
    m.passSeconds(60);
    for (Effect.Sleep order : List.copyOf(m.sleeps)) {
      m.machine.sleep().slept(m.now(), order.instance(), order.order(), null);
    }
    m.fire(); // has the effects carried out
    assertThat(m.count(ASLEEP)).isEqualTo(2);
    m.aboutRoom();
    return m;
  }

  private static List<Instance> woken(MachineHarness m) {
    return m.wakes.stream().map(Effect.Wake::instance).toList();
  }

  @Test
  void theOneThatWasUsedLast_isWokenFirst() {
    MachineHarness m = bothAsleep();
    Caller caller = m.acquire();
    assertThat(woken(m)).containsExactly(m.starts.get(1));
    m.woken(null);
    assertThat(caller.instance()).isSameAs(m.starts.get(1));
    assertThat(m.starts.get(0).phase()).isEqualTo(ASLEEP);
  }

  @Test
  void theOneThatSleepsAlready_isWokenBeforeOneThatIsAboutTo() {
    MachineHarness m = two().passSeconds(50);
    m.slept(null);
    m.passSeconds(10);
    assertThat(m.starts.get(1).phase()).isEqualTo(FALLING_ASLEEP);
    m.acquire();
    assertThat(woken(m)).containsExactly(m.starts.get(0));
  }

  @Test
  void theOneThatACallerNamed_isWoken_andNoOther() {
    MachineHarness m = bothAsleep();
    Caller caller = m.acquire(RouteRule.instance(m.starts.get(0).id()));
    assertThat(woken(m)).containsExactly(m.starts.get(0));
    m.woken(null);
    assertThat(caller.instance()).isSameAs(m.starts.get(0));
    assertThat(m.starts.get(1).phase()).isEqualTo(ASLEEP);
  }

  @Test
  void theSecond_isWokenWhenTheFirstIsNotEnough() {
    MachineHarness m = bothAsleep();
    List<Caller> callers = m.acquire(3);
    assertThat(m.wakes).as("how much one takes is known when it is there").hasSize(1);
    m.woken(null);
    assertThat(woken(m)).containsExactly(m.starts.get(1), m.starts.get(0));
    m.woken(null);
    assertThat(callers.get(1).instance()).isSameAs(m.starts.get(0));
    assertThat(callers.get(2).isWaiting()).isTrue();
    assertThat(m.starts).as("there may be no third").hasSize(2);
  }

  @Test
  void whereSleepersAreNotEnough_othersAreStartedBesideThem() {
    MachineHarness m = machine(b -> sleepy(b).maxInstances(3).concurrency(1));
    List<Caller> callers = m.acquire(2);
    m.ready(m.starts.get(0));
    m.ready(m.starts.get(1));
    callers.get(0).close();
    m.passSeconds(60);
    m.slept(null);
    List<Caller> more = m.acquire(2);
    assertThat(woken(m)).containsExactly(m.starts.get(0));
    assertThat(m.starts).hasSize(3);
    m.woken(null);
    m.ready(m.starts.get(2));
    assertThat(more).noneMatch(Caller::isWaiting);
  }

  @Test
  void instanceThatStartsForACallerOfItsOwn_wakesNoOther() {
    MachineHarness m = machine(b -> sleepy(b).maxInstances(2)).warm().passSeconds(60);
    m.slept(null);
    m.acquire(RouteRule.scaleOut());
    m.fire();
    assertThat(m.starts).hasSize(2);
    assertThat(m.wakes).isEmpty();
  }

  @Test
  void roomToWake_isForTheOneWhoseRoomItIs() {
    MachineHarness m = bothAsleepInRooms();
    m.acquire();
    Room wanted = wishToWake(m);
    m.giveToWake(wanted);
    assertThat(woken(m)).singleElement().satisfies(i -> assertThat(i.room()).isEqualTo(wanted));
  }

  @Test
  void roomOfTheSecond_isWantedWhenTheFirstHasItsOwn() {
    MachineHarness m = bothAsleepInRooms();
    m.acquire(2);
    m.giveToWake(wishToWake(m));
    m.aboutRoom();
    m.woken(null);
    Room second = wishToWake(m);
    m.giveToWake(second);
    assertThat(woken(m)).hasSize(2);
    assertThat(woken(m).get(1).room()).isEqualTo(second);
    assertThat(m.aboutRoom()).as("it needs it").noneMatch(Effect.Slumber.class::isInstance);
  }

  private static Room wishToWake(MachineHarness m) {
    List<Effect.Want> wants =
        m.aboutRoom().stream()
            .filter(Effect.Want.class::isInstance)
            .map(Effect.Want.class::cast)
            .filter(want -> want.asleep() != null)
            .toList();
    assertThat(wants).hasSize(1);
    return wants.get(0).asleep();
  }

  @Test
  void roomForASleeperThatIsBeingReleased_wakesAndTellsNothing() {
    MachineHarness m = bothAsleepInRooms();
    m.acquire();
    Room room = wishToWake(m);
    Instance owner = m.starts.get(0).room().equals(room) ? m.starts.get(0) : m.starts.get(1);
    m.exits(owner);
    assertThat(owner.phase()).isEqualTo(RELEASING);
    m.aboutRoom();
    m.giveToWake(room);
    assertThat(m.wakes).isEmpty();
    assertThat(m.aboutRoom()).noneMatch(Effect.Slumber.class::isInstance);
  }

  @Test
  void sleeperThatACallerNamed_isNotReleasedAsIdle() {
    MachineHarness m = bothAsleepInRooms();
    Caller caller = m.acquire(RouteRule.instance(m.starts.get(0).id()), Duration.ofHours(1));
    m.passSeconds(1200);
    m.fire();
    assertThat(m.starts.get(0).phase()).isEqualTo(ASLEEP);
    assertThat(m.starts.get(1).phase()).as("nobody waits for it").isEqualTo(RELEASING);
    m.giveToWake(m.starts.get(0).room());
    m.woken(null);
    assertThat(caller.instance()).isSameAs(m.starts.get(0));
  }

  @Test
  void sleeperThatAnyCallerWaitsFor_isNotReleasedAsIdle_thoughTheTimerFires() {
    MachineHarness m = bothAsleepInRooms();
    m.acquire(Duration.ofHours(1));
    m.passSeconds(1200);
    m.fire();
    assertThat(m.count(ASLEEP)).isEqualTo(2);
  }

  @Test
  void reserved_isNotPutToSleep_thoughItServesNothing() {
    MachineHarness m = machine(b -> sleepy(b));
    Caller snapshot = m.acquire();
    m.ready(m.starts.get(0));
    m.reserve(m.starts.get(0), true);
    snapshot.close();
    m.passSeconds(60);
    assertThat(m.sleeps).isEmpty();
    assertThat(m.starts.get(0).phase()).isEqualTo(READY);
    m.reserve(m.starts.get(0), false);
    m.fire();
    assertThat(m.sleeps).hasSize(1);
  }
}
