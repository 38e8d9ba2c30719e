package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.InstancePhase.RELEASING;
import static dev.autodeploy.internal.decision.Instance.NEVER;
import static dev.autodeploy.internal.decision.MachineHarness.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Budget;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.PlaceInLine.Next;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.RouteRule;
import dev.autodeploy.Schedule;
import dev.autodeploy.SleepMode;
import dev.autodeploy.StartReason;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.Prewarm;
import dev.autodeploy.spi.UsageHistory;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A deployment that waits for room: what it wants, says and does with what it gets. */
final class MachineRoomWaitTest {
  private static final GpuRequest GPU = GpuRequest.ids("0");

  /** Releases after 10 s, and expects the next request 600 s after the last one. */
  private static final IdlePolicy EVERY_TEN_MINUTES =
      new IdlePolicy() {
        @Override
        public Optional<Duration> idleTimeout(UsageHistory history) {
          return Optional.of(Duration.ofSeconds(10));
        }

        @Override
        public Optional<Prewarm> prewarm(UsageHistory history) {
          return Optional.of(new Prewarm(Duration.ofSeconds(540), Duration.ofSeconds(90)));
        }
      };

  private static MachineHarness shared() {
    return machine(b -> b.gpu(GPU).maxInstances(2).concurrency(1));
  }

  /** With one ready instance in room 1, which is idle. */
  private static MachineHarness warm() {
    MachineHarness m = shared();
    Caller caller = m.acquire();
    m.give(1, GPU);
    m.ready(m.starts.get(0));
    caller.close();
    m.aboutRoom();
    return m;
  }

  private static Effect.Want want(int count, int received) {
    return new Effect.Want(GPU, count, received);
  }

  private static RoomWait wait(int place, boolean forGood) {
    return new RoomWait(
        "GPU 0",
        List.of(new RoomWait.Holder("other", "o-1", READY, 0, Next.STAYS, NEVER)),
        0,
        place,
        NEVER,
        "",
        forGood);
  }

  private static Allowance allowance(boolean start) {
    BudgetStatus status =
        new BudgetStatus(Budget.money("10", "USD"), new BigDecimal("1"), null, false, true);
    return new Allowance(start, false, false, NEVER, Instant.EPOCH, status);
  }

  // The wait.

  @Test
  void wait_isToldOnce_withItsPlaceAndWhoHasTheRoom_andAgainTheNextTime() {
    MachineHarness m = shared();
    m.acquire();
    m.waits(wait(2, false));
    assertThat(m.events(DeploymentEvent.WaitsForRoom.class))
        .containsExactly(
            new DeploymentEvent.WaitsForRoom(
                Instant.EPOCH.plusNanos(m.now()),
                "voice",
                2,
                "waits for GPU 0: 'other' has an idle instance there"));
    m.waits(wait(1, false));
    m.waits(null);
    assertThat(m.machine.rooms().waitsFor()).isNull();
    assertThat(m.events(DeploymentEvent.WaitsForRoom.class)).hasSize(1);
    m.waits(wait(1, false));
    assertThat(m.events(DeploymentEvent.WaitsForRoom.class)).hasSize(2);
  }

  @Test
  void waitForStarts_thatOthersKeepForGood_endsNothing() {
    MachineHarness m = warm();
    m.acquire();
    m.acquire();
    m.waits(wait(1, true));
    assertThat(m.releases).isEmpty();
  }

  @Test
  void sleeperThatCannotBeWoken_isReplaced_andNoLongerWaitsInLine() {
    MachineHarness m = machine(b -> b.gpu(GPU).sleepMode(SleepMode.vllm()));
    Caller caller = m.acquire();
    m.give(7, GPU);
    Instance sleeper = m.ready(m.starts.get(0));
    caller.close();
    m.makeRoom(7, false, true);
    m.slept(null);
    Caller next = m.acquire();
    m.aboutRoom();
    m.waits(wait(1, true));
    assertThat(m.events(DeploymentEvent.InstanceReplaced.class))
        .containsExactly(
            new DeploymentEvent.InstanceReplaced(
                Instant.EPOCH.plusNanos(m.now()),
                "voice",
                sleeper.id(),
                ReleaseReason.SLEEP_FAILED,
                "it cannot be woken: others keep GPU 0 for good",
                0));
    assertThat(m.aboutRoom()).contains(want(0, 1));
    assertThat(next.isWaiting()).isTrue();
    m.waits(wait(1, true));
    assertThat(m.events(DeploymentEvent.InstanceReplaced.class)).hasSize(1);
  }

  // The wish.

  @Test
  void startThatFindsNoRoom_isWantedAgainAtOnce_ifThereMayBeAnother() {
    MachineHarness m = shared();
    m.acquire();
    m.give(1, GPU);
    m.aboutRoom();
    m.noRoom(m.starts.get(0));
    assertThat(m.aboutRoom()).contains(want(1, 1));
  }

  @Test
  void wishesOfItsCallers_andOfThoseWhoWantTheirOwn_stayWithinTheMaximum() {
    MachineHarness m = warm();
    m.acquire();
    m.acquire(RouteRule.scaleOut());
    assertThat(m.aboutRoom()).containsExactly(want(1, 1));
    m.acquire();
    assertThat(m.aboutRoom()).as("there may be one more, not two").isEmpty();
  }

  @Test
  void loweredMaximum_withdrawsTheWishOfWhoWantsItsOwn() {
    MachineHarness m = warm();
    m.acquire();
    Caller own = m.acquire(RouteRule.scaleOut());
    m.aboutRoom();
    m.update(b -> b.gpu(GPU).maxInstances(1).concurrency(1));
    assertThat(m.aboutRoom()).contains(want(0, 1));
    Room room = m.give(2, GPU);
    assertThat(m.aboutRoom()).contains(new Effect.RoomBack(room));
    assertThat(own.isWaiting()).isTrue();
  }

  @Test
  void roomForWhoWantsItsOwn_isUsed_andNotGivenBack() {
    MachineHarness m = warm();
    m.acquire(RouteRule.scaleOut());
    m.aboutRoom();
    m.give(2, GPU);
    assertThat(m.aboutRoom()).containsExactly(want(0, 2));
    assertThat(m.starts.get(1).startReason).isEqualTo(StartReason.SCALE_OUT);
  }

  @Test
  void roomThatNobodyNeeds_isGivenBack_alsoWhereOneServes() {
    MachineHarness m = warm();
    Room room = m.give(2, GPU);
    assertThat(m.aboutRoom()).contains(new Effect.RoomBack(room));
    assertThat(m.starts).hasSize(1);
  }

  @Test
  void budgetThatCoversNoStart_withdrawsTheWish_andGivesRoomBack() {
    MachineHarness m = warm();
    m.allow(allowance(true));
    m.acquire();
    m.acquire(RouteRule.scaleOut());
    m.aboutRoom();
    m.allow(allowance(false));
    assertThat(m.aboutRoom()).contains(want(0, 1));
    Room room = m.give(2, GPU);
    assertThat(m.aboutRoom()).contains(new Effect.RoomBack(room));
    assertThat(m.starts).hasSize(1);
  }

  @Test
  void withABudget_thoseWhoWantTheirOwn_areStartedOneAfterTheOther() {
    MachineHarness m = machine(b -> b.gpu(GPU).maxInstances(4).concurrency(1));
    Caller first = m.acquire(RouteRule.scaleOut());
    Caller second = m.acquire(RouteRule.scaleOut());
    m.allow(allowance(true));
    m.update(b -> b.maxInstances(4).concurrency(1));
    assertThat(m.starts).hasSize(1);
    m.allow(allowance(true)); // with the next event
    assertThat(m.starts).hasSize(2);
    m.ready(m.starts.get(0));
    m.ready(m.starts.get(1));
    assertThat(first.instance()).isSameAs(m.starts.get(0));
    assertThat(second.instance()).isSameAs(m.starts.get(1));
  }

  @Test
  void withoutABudget_thoseWhoWantTheirOwn_areStartedTogetherWithThoseForOthers() {
    MachineHarness m = machine(b -> b.gpu(GPU).maxInstances(3).concurrency(1));
    m.acquire(RouteRule.scaleOut());
    m.acquire(RouteRule.scaleOut());
    m.acquire();
    m.update(b -> b.maxInstances(3).concurrency(1));
    assertThat(m.starts)
        .extracting(i -> i.startReason)
        .containsExactly(StartReason.REQUEST, StartReason.SCALE_OUT, StartReason.SCALE_OUT);
  }

  @Test
  void expectedRequest_isShownAsSuch_untilOneComes() {
    MachineHarness m = machine(b -> b.gpu(GPU).idlePolicy(EVERY_TEN_MINUTES));
    Caller caller = m.acquire();
    assertThat(m.machine.rooms().watch(1, 0).expects()).isFalse();
    m.give(1, GPU);
    m.ready(m.starts.get(0));
    caller.close();
    m.passSeconds(10);
    m.released(m.starts.get(0));
    m.aboutRoom();
    m.passSeconds(530);
    assertThat(m.aboutRoom()).contains(want(1, 1));
    assertThat(m.machine.rooms().watch(1, 0).expects()).isTrue();
    m.acquire();
    assertThat(m.machine.rooms().watch(1, 0).expects()).isFalse();
  }

  @Test
  void expectedRequest_whileTheScheduleKeepsOneWarm_isNotAllThatRoomIsWantedFor() {
    Schedule day = Schedule.weekly(ZoneOffset.UTC).warm("daily", "00:05", "06:00", 1);
    MachineHarness m = machine(b -> b.gpu(GPU).idlePolicy(EVERY_TEN_MINUTES).schedule(day));
    m.open();
    Caller caller = m.acquire();
    m.give(1, GPU);
    m.ready(m.starts.get(0));
    caller.close();
    m.passSeconds(10);
    m.released(m.starts.get(0));
    assertThat(m.machine.rooms().watch(1, 0).expects()).isTrue();
    m.passSeconds(300);
    assertThat(m.machine.rooms().watch(1, 0).expects()).isFalse();
  }

  @Test
  void expectedRequest_whileTheScheduleHasItClosed_startsNothing() {
    Schedule night = Schedule.weekly(ZoneOffset.UTC).closed("daily", "00:05", "06:00");
    MachineHarness m = machine(b -> b.idlePolicy(EVERY_TEN_MINUTES).schedule(night));
    m.open();
    m.warm().passSeconds(10);
    m.released(m.starts.get(0));
    m.passSeconds(3600);
    assertThat(m.starts).hasSize(1);
  }

  // Room that is made.

  @Test
  void instanceWithoutRoom_takesUpNone_andMakesNone() {
    MachineHarness m = machine(b -> b.gpu(GPU).maxInstances(2));
    Instance adopted = m.ready(m.adopt(60, 0));
    Caller own = m.acquire(RouteRule.scaleOut());
    m.give(1, GPU);
    m.ready(m.starts.get(0));
    own.close();
    assertThat(m.machine.rooms().occupants(0)).hasSize(1);
    m.makeRoom(1, false);
    assertThat(m.starts.get(0).phase()).isEqualTo(RELEASING);
    assertThat(adopted.phase()).isEqualTo(READY);
  }

  @Test
  void makingRoom_hasTheOthersLookAgain() {
    MachineHarness m = warm();
    m.machine.rooms().watch(1, 0);
    m.makeRoom(1, false);
    assertThat(m.aboutRoom()).contains(new Effect.Look());
  }

  @Test
  void makingRoom_whileACallerWaitsForAnotherInstance_isNotForTheIdle() {
    MachineHarness m = machine(b -> b.gpu(GPU).maxInstances(2).concurrency(1));
    Caller first = m.acquire();
    m.give(1, GPU);
    m.ready(m.starts.get(0));
    m.acquire(RouteRule.scaleOut());
    m.give(2, GPU);
    first.close();
    m.makeRoom(1, false);
    assertThat(m.starts.get(0).phase()).isEqualTo(READY);
  }
}
