package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.DRAINING;
import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.InstancePhase.RELEASING;
import static dev.autodeploy.internal.decision.Instance.NEVER;
import static dev.autodeploy.internal.decision.MachineHarness.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.RouteRule;
import dev.autodeploy.StartReason;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One deployment among others that want the same GPUs. */
class MachineRoomTest {
  private static final GpuRequest GPU = GpuRequest.ids("0");

  private static Effect.Want want(int count, int received) {
    return new Effect.Want(GPU, count, received);
  }

  private static MachineHarness shared() {
    return machine(b -> b.gpu(GPU).maxInstances(2));
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

  @Test
  void request_asksForRoom_andStartsWhenItIsGiven() {
    MachineHarness m = shared();
    Caller caller = m.acquire();
    assertThat(m.starts).isEmpty();
    assertThat(m.aboutRoom()).containsExactly(want(1, 0));
    m.acquire();
    assertThat(m.aboutRoom()).as("one is enough").isEmpty();

    Room room = m.give(1, GPU);

    assertThat(m.starts).singleElement().satisfies(i -> assertThat(i.room).isEqualTo(room));
    assertThat(m.aboutRoom()).containsExactly(want(0, 1));
    m.ready(m.starts.get(0));
    assertThat(caller.instance()).isSameAs(m.starts.get(0));
  }

  @Test
  void caller_thatGivesUp_withdrawsTheWish_andRoomThatComesAllTheSameIsGivenBack() {
    MachineHarness m = shared();
    Caller caller = m.acquire();
    m.aboutRoom();
    caller.cancel();
    assertThat(m.aboutRoom()).containsExactly(want(0, 0));

    Room room = m.give(1, GPU);

    assertThat(m.starts).isEmpty();
    assertThat(m.aboutRoom()).containsExactly(new Effect.RoomBack(room), want(0, 1));
  }

  @Test
  void roomOfAnEarlierRequest_isGivenBack() {
    MachineHarness m = shared();
    m.acquire();
    m.aboutRoom();
    Room room = m.give(1, GpuRequest.count(2));
    assertThat(m.starts).isEmpty();
    assertThat(m.aboutRoom()).containsExactly(new Effect.RoomBack(room), want(1, 1));
  }

  @Test
  void failedStart_holdsTheWishBack_andRoomTooEarlyIsGivenBack() {
    MachineHarness m = shared();
    m.acquire();
    m.give(1, GPU);
    m.aboutRoom();
    m.startFails(m.starts.get(0));
    m.released(m.starts.get(0));
    m.update(b -> b.gpu(GPU).maxInstances(2).minInstances(1));
    m.aboutRoom();
    m.give(2, GPU);
    assertThat(m.starts).hasSize(2);
  }

  @Test
  void makeRoom_byAnIdleInstance_releasesIt() {
    MachineHarness m = warm();
    m.makeRoom(7, true);
    assertThat(m.releases).as("another's room").isEmpty();
    m.makeRoom(1, false);
    assertThat(m.events)
        .filteredOn(DeploymentEvent.InstanceMakesRoom.class::isInstance)
        .singleElement()
        .isEqualTo(
            new DeploymentEvent.InstanceMakesRoom(
                Instant.EPOCH.plusNanos(m.now()), "voice", m.starts.get(0).id, "other", 0));
    assertThat(m.starts.get(0).phase()).isEqualTo(RELEASING);
    assertThat(m.starts.get(0).releaseReason).isEqualTo(ReleaseReason.MADE_ROOM);
  }

  @Test
  void makeRoom_byABusyInstance_onlyWhenItsTurnIsOver_andAfterWhatIsInFlight() {
    MachineHarness m = warm();
    Caller busy = m.acquire();
    m.makeRoom(1, false);
    assertThat(m.starts.get(0).phase()).isEqualTo(READY);
    m.makeRoom(1, true);
    assertThat(m.starts.get(0).phase()).isEqualTo(DRAINING);
    Caller next = m.acquire();
    assertThat(next.isWaiting()).isTrue();
    busy.close();
    assertThat(m.starts.get(0).phase()).isEqualTo(RELEASING);
    m.released(m.starts.get(0));
    assertThat(m.aboutRoom()).contains(want(1, 1));
  }

  @Test
  void makeRoom_neverBelowTheMinimum_norByAPinnedDeployment() {
    MachineHarness m = warm();
    m.update(b -> b.gpu(GPU).maxInstances(2).pinned(true));
    m.makeRoom(1, true);
    assertThat(m.starts.get(0).phase()).isEqualTo(READY);
    m.update(b -> b.gpu(GPU).maxInstances(2).minInstances(1));
    m.makeRoom(1, true);
    assertThat(m.starts.get(0).phase()).isEqualTo(READY);
    assertThat(m.machine.rooms().watch(1, 0).mayGo()).isZero();
    m.update(b -> b.gpu(GPU).maxInstances(2));
    assertThat(m.machine.rooms().watch(1, 0).mayGo()).isEqualTo(1);
  }

  @Test
  void noRoom_isNoFailedStart_andCallersGoOnWaiting() {
    MachineHarness m = shared();
    Caller caller = m.acquire();
    Room room = m.give(1, GPU);
    m.aboutRoom();
    m.noRoom(m.starts.get(0));
    assertThat(caller.isWaiting()).isTrue();
    assertThat(m.machine.startFailures()).isZero();
    assertThat(m.starts.get(0).releaseReason).isEqualTo(ReleaseReason.NO_ROOM);
    assertThat(m.aboutRoom()).first().isEqualTo(new Effect.NoRoom(room, "full"));
    m.noRoom(m.starts.get(0));
    assertThat(m.aboutRoom()).as("said once").isEmpty();
  }

  @Test
  void scaleOut_waitsForRoomOfItsOwn() {
    MachineHarness m = warm();
    Caller own = m.acquire(RouteRule.scaleOut());
    assertThat(own.isWaiting()).isTrue();
    assertThat(m.aboutRoom()).containsExactly(want(1, 1));
    Caller tooMany = m.acquire(RouteRule.scaleOut());
    assertThat(tooMany.error()).hasMessageContaining("has 2 instances");
    m.give(2, GPU);
    assertThat(m.starts.get(1).startReason).isEqualTo(StartReason.SCALE_OUT);
    m.ready(m.starts.get(1));
    assertThat(own.instance()).isSameAs(m.starts.get(1));
  }

  @Test
  void changes_areSaidWhileOthersWait_andNotElse() {
    MachineHarness m = warm();
    m.acquire().close();
    assertThat(m.aboutRoom()).isEmpty();
    Party party = m.machine.rooms().watch(5, 100);
    assertThat(party.number()).isEqualTo(5);
    assertThat(party.occupants())
        .containsExactly(
            new Party.Occupant(
                1,
                "voice-1",
                READY,
                0,
                false,
                m.starts.get(0).readyAt + 100,
                m.starts.get(0).idleSince + 100,
                m.starts.get(0).startRequestedAt + 100));
    assertThat(party.earliestDeadline()).isEqualTo(NEVER);
    m.acquire().close();
    assertThat(m.aboutRoom()).containsExactly(new Effect.Look());
    m.machine.rooms().unwatched();
    m.acquire().close();
    assertThat(m.aboutRoom()).isEmpty();
  }

  @Test
  void party_learnsHowLongStartsTake() {
    MachineHarness m = shared();
    assertThat(m.machine.rooms().watch(1, 0).startNanos())
        .as("a guess before the first")
        .isEqualTo(Duration.ofSeconds(10).toNanos());
    m.acquire();
    m.give(1, GPU);
    m.pass(Duration.ofSeconds(3));
    m.ready(m.starts.get(0));
    assertThat(m.machine.rooms().watch(1, 0).startNanos())
        .isEqualTo(Duration.ofSeconds(3).toNanos());
  }

  @Test
  void callerThatTimesOut_isToldWhatItWaitedFor() {
    MachineHarness m = shared();
    Caller caller = m.acquire(Duration.ofSeconds(5));
    m.machine
        .rooms()
        .waits(
            m.now(),
            new RoomWait(
                "GPU 0",
                List.of(
                    new RoomWait.Holder(
                        "other",
                        "i-1",
                        READY,
                        2,
                        dev.autodeploy.PlaceInLine.Next.TURN_ENDS,
                        NEVER)),
                0,
                1,
                NEVER,
                "",
                false));
    m.pass(Duration.ofSeconds(5));
    assertThat(caller.error()).hasMessageContaining("GPU 0: 'other' has a busy instance there");
    assertThat(m.machine.rooms().waitsFor()).isNotNull();
  }

  @Test
  void noRoom_whereNobodyWaitsInLine_isAFailedStartThatIsRepeatedWithBackoff() {
    MachineHarness m = machine(b -> b);
    Caller caller = m.acquire();
    m.noRoom(m.starts.get(0));

    assertThat(m.machine.startFailures()).isEqualTo(1);
    assertThat(caller.error()).hasMessageContaining("full");
    assertThat(m.aboutRoom()).as("there is no room to give back").isEmpty();
    m.released(m.starts.get(0));
    assertThat(m.acquire().error()).as("held back").hasMessageContaining("full");
    assertThat(m.starts).hasSize(1);
    m.passSeconds(1);
    assertThat(m.acquire().isWaiting()).isTrue();
    assertThat(m.starts).hasSize(2);
  }

  @Test
  void updateToNoGpu_withdrawsTheWish_andStartsAtOnce_alsoForThoseWhoWantTheirOwn() {
    MachineHarness m = warm();
    Caller own = m.acquire(RouteRule.scaleOut());
    assertThat(m.aboutRoom()).containsExactly(want(1, 1));

    m.update(b -> b.maxInstances(3));

    assertThat(m.aboutRoom()).first().isEqualTo(new Effect.Want(GpuRequest.none(), 0, 1));
    assertThat(m.starts).hasSize(2);
    assertThat(m.starts.get(1).startReason).isEqualTo(StartReason.SCALE_OUT);
    assertThat(m.starts.get(1).room).isNull();
    m.ready(m.starts.get(1));
    assertThat(own.instance()).isSameAs(m.starts.get(1));
    m.acquire();
    assertThat(m.aboutRoom()).as("nothing is wanted of others any longer").isEmpty();
  }

  @Test
  void party_learnsNothingFromTheTimeThatAnInstanceIsPrepared() {
    MachineHarness m = shared();
    m.acquire();
    m.give(1, GPU);
    m.passSeconds(1);
    m.preparing(m.starts.get(0), true);
    m.passSeconds(500);
    m.preparing(m.starts.get(0), false);
    m.passSeconds(2);
    m.ready(m.starts.get(0));
    assertThat(m.machine.rooms().watch(1, 0).startNanos())
        .isEqualTo(Duration.ofSeconds(3).toNanos());
  }

  @Test
  void party_showsCallersDeadlinesGapsAndPrice() {
    MachineHarness m = warm();
    assertThat(m.machine.rooms().watch(1, 0).price()).as("if it has none").isEqualTo(1);
    m.passSeconds(30);
    m.acquire().close();
    m.update(
        b ->
            b.gpu(GPU)
                .maxInstances(2)
                .concurrency(1)
                .priority(7)
                .pricePerHour(Money.of("2.5", "EUR")));
    m.acquire();
    m.acquire(Duration.ofSeconds(20));
    Party party = m.machine.rooms().watch(1, 100);
    assertThat(party.waiting()).isEqualTo(1);
    assertThat(party.earliestDeadline())
        .isEqualTo(m.now() + Duration.ofSeconds(20).toNanos() + 100);
    assertThat(party.gaps()).first().isEqualTo(Duration.ofSeconds(30).toNanos());
    assertThat(party.price()).isEqualTo(2.5);
    assertThat(party.priority()).isEqualTo(7);
    assertThat(party.expects()).isFalse();
    assertThat(party.occupants().get(0).wanted()).isTrue();
  }

  @Test
  void othersLook_whenACallerComesWhoWouldGiveUpFirst() {
    MachineHarness m = shared();
    m.machine.rooms().watch(1, 0);
    m.acquire(Duration.ofSeconds(20));
    m.aboutRoom();
    m.acquire(Duration.ofSeconds(30));
    assertThat(m.aboutRoom()).as("a later one changes nothing").isEmpty();
    m.acquire(Duration.ofSeconds(10));
    assertThat(m.aboutRoom()).containsExactly(new Effect.Look());
  }

  @Test
  void makeRoom_byAnInstanceThatSomebodyWants_isLeftAlone() {
    MachineHarness m = warm();
    Caller snapshot = m.acquire();
    assertThat(m.reserve(m.starts.get(0), true)).isTrue();
    assertThat(m.machine.rooms().watch(1, 0).occupants().get(0).wanted()).isTrue();
    snapshot.close();
    m.makeRoom(1, false);
    assertThat(m.starts.get(0).phase()).as("reserved").isEqualTo(READY);
    m.reserve(m.starts.get(0), false);
    m.makeRoom(1, false);
    assertThat(m.starts.get(0).phase()).isEqualTo(RELEASING);
  }

  @Test
  void roomGivenDuringABackoff_isGivenBack_andWantedAgainAfterIt() {
    MachineHarness m = warm();
    Caller own = m.acquire(RouteRule.scaleOut());
    m.give(2, GPU);
    m.startFails(m.starts.get(1));
    m.released(m.starts.get(1));
    assertThat(own.error()).hasMessageContaining("no such image");
    m.aboutRoom();
    m.acquire(RouteRule.scaleOut()).error();
    assertThat(m.aboutRoom()).as("held back").isEmpty();
    Room early = m.give(3, GPU);
    assertThat(m.aboutRoom()).contains(new Effect.RoomBack(early));
    assertThat(m.starts).hasSize(2);
    m.passSeconds(1);
    m.acquire(RouteRule.scaleOut());
    assertThat(m.aboutRoom()).containsExactly(want(1, 3));
  }

  @Test
  void oneOfTwoCallersThatLeaves_leavesTheWish() {
    MachineHarness m = shared();
    Caller first = m.acquire();
    m.acquire();
    m.aboutRoom();
    first.cancel();
    assertThat(m.aboutRoom()).isEmpty();
    m.give(1, GPU);
    assertThat(m.starts).hasSize(1);
    assertThat(m.starts.get(0).startReason).isEqualTo(StartReason.REQUEST);
  }
}
