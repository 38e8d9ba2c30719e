package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.ASLEEP;
import static dev.autodeploy.InstancePhase.FALLING_ASLEEP;
import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.InstancePhase.RELEASING;
import static dev.autodeploy.InstancePhase.WAKING;
import static dev.autodeploy.internal.decision.MachineHarness.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.DeploymentState;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.PlaceInLine;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.RouteRule;
import dev.autodeploy.SleepMode;
import dev.autodeploy.StartFailure;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import dev.autodeploy.internal.decision.MachineHarness.Granted;
import dev.autodeploy.spi.ReadinessProbe;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** The tests of when an instance sleeps, and what wakes it. */
class MachineSleepTest {
  private static final Duration SLEEP_AFTER = Duration.ofMinutes(1);
  private static final GpuRequest ONE = GpuRequest.count(1);

  private static MachineHarness sleepy(UnaryOperator<DeploymentSpec.Builder> changes) {
    return machine(b -> changes.apply(b.sleepMode(SleepMode.vllm()).sleepAfter(SLEEP_AFTER)))
        .warm();
  }

  private static MachineHarness asleep(UnaryOperator<DeploymentSpec.Builder> changes) {
    MachineHarness m = sleepy(changes).pass(SLEEP_AFTER);
    m.slept(null);
    assertThat(only(m).phase()).isEqualTo(ASLEEP);
    return m;
  }

  private static MachineHarness asleepInRoom() {
    MachineHarness m = machine(b -> b.gpu(ONE).sleepMode(SleepMode.vllm()).sleepAfter(SLEEP_AFTER));
    Caller first = m.acquire();
    m.give(7, ONE);
    m.ready(only(m));
    first.close();
    m.pass(SLEEP_AFTER);
    m.slept(null);
    return m;
  }

  private static Instance only(MachineHarness m) {
    return m.starts.get(m.starts.size() - 1);
  }

  @Test
  void idleForSleepAfter_isPutToSleep_notBefore() {
    MachineHarness m = sleepy(b -> b).pass(SLEEP_AFTER.minusNanos(1));
    assertThat(m.sleeps).isEmpty();
    m.pass(Duration.ofNanos(1));
    assertThat(only(m).phase()).isEqualTo(FALLING_ASLEEP);
    assertThat(m.sleeps).hasSize(1);
    m.passSeconds(2);
    m.slept(null);
    assertThat(only(m).phase()).isEqualTo(ASLEEP);
    assertThat(m.machine.state()).isEqualTo(DeploymentState.IDLE);
    assertThat(m.events(DeploymentEvent.InstanceAsleep.class))
        .singleElement()
        .satisfies(
            e -> {
              assertThat(e.forDeployment()).isNull();
              assertThat(e.duration()).isEqualTo(Duration.ofSeconds(2));
              assertThat(e.idle()).isEqualTo(SLEEP_AFTER.plusSeconds(2));
            });
  }

  @Test
  void leaseThatClosesAfterLong_beginsTheTimeBeforeItsSleep() {
    MachineHarness m = sleepy(b -> b);
    Caller caller = m.acquire();
    m.pass(SLEEP_AFTER.multipliedBy(3));
    caller.close();
    m.pass(SLEEP_AFTER.minusNanos(1));
    assertThat(m.sleeps).isEmpty();
    m.pass(Duration.ofNanos(1));
    assertThat(m.sleeps).hasSize(1);
  }

  @Test
  void asleep_isReleasedAtTheIdleTimeout_countedFromTheLastUse() {
    MachineHarness m = asleep(b -> b);
    m.pass(Duration.ofMinutes(5).minus(SLEEP_AFTER).minusNanos(1));
    assertThat(only(m).phase()).isEqualTo(ASLEEP);
    m.pass(Duration.ofNanos(1));
    assertThat(only(m).phase()).isEqualTo(RELEASING);
    assertThat(only(m).releaseReason).isEqualTo(ReleaseReason.IDLE);
    assertThat(only(m).asleepNanos(m.now() + 1_000)).isEqualTo(Duration.ofMinutes(4).toNanos());
  }

  @Test
  void request_wakesIt_andAllWhoWaitShareThat() {
    MachineHarness m = asleep(b -> b);
    m.passSeconds(30);
    List<Caller> callers = m.acquire(3);
    assertThat(only(m).phase()).isEqualTo(WAKING);
    assertThat(m.wakes).hasSize(1);
    assertThat(m.starts).hasSize(1);
    m.passSeconds(2);
    m.woken(null);
    assertThat(only(m).phase()).isEqualTo(READY);
    for (Caller caller : callers) {
      assertThat(caller.grant).isEqualTo(new Granted(false, true, Duration.ofSeconds(2).toNanos()));
    }
    assertThat(only(m).asleepNanos(m.now())).isEqualTo(Duration.ofSeconds(30).toNanos());
    assertThat(m.machine.coldStarts()).as("that of the first start").isEqualTo(1);
    assertThat(m.events(DeploymentEvent.InstanceWoken.class)).hasSize(1);
    assertThat(m.machine.state()).isEqualTo(DeploymentState.RUNNING);
  }

  @Test
  void requestWhileItFallsAsleep_isHeld_andWakesItAsSoonAsItSleeps() {
    MachineHarness m = sleepy(b -> b).pass(SLEEP_AFTER);
    Caller caller = m.acquire();
    assertThat(m.wakes).isEmpty();
    assertThat(m.starts).hasSize(1);
    m.slept(null);
    assertThat(m.wakes).hasSize(1);
    m.woken(null);
    assertThat(caller.grant).isNotNull();
  }

  @Test
  void callerThatGivesUpWhileItWakes_leavesItReady_andItSleepsAgainLater() {
    MachineHarness m = asleep(b -> b);
    m.acquire(Duration.ofSeconds(1));
    m.passSeconds(1);
    m.woken(null);
    assertThat(only(m).phase()).isEqualTo(READY);
    m.pass(SLEEP_AFTER.minusNanos(1));
    assertThat(m.sleeps).hasSize(1);
    m.pass(Duration.ofNanos(1));
    assertThat(m.sleeps).hasSize(2);
  }

  @Test
  void refusalToSleep_releasesIt_andTheNextRequestStartsAnother() {
    MachineHarness m = sleepy(b -> b).pass(SLEEP_AFTER);
    Caller caller = m.acquire();
    Instance refuses = m.slept("POST /sleep?level=1 answered 404");
    assertThat(refuses.phase()).isEqualTo(RELEASING);
    assertThat(refuses.releaseReason).isEqualTo(ReleaseReason.SLEEP_FAILED);
    assertThat(m.machine.backoff().lastFailure())
        .satisfies(
            f -> {
              assertThat(f.kind()).isEqualTo(StartFailure.Kind.SLEEP);
              assertThat(f.message()).contains("404");
            });
    assertThat(m.events(DeploymentEvent.InstanceReplaced.class)).hasSize(1);
    m.released(refuses);
    assertThat(m.starts).hasSize(2);
    m.ready(only(m));
    assertThat(caller.grant).isEqualTo(new Granted(true, 0));
    assertThat(m.machine.backoff().lastFailure()).isNull();
  }

  @Test
  void sleeperThatDoesNotWakeInTime_isReleased_andItsCallersAreAnsweredByTheNext() {
    MachineHarness m = asleep(b -> b);
    Caller caller = m.acquire();
    Duration limit = SleepMode.vllm().wakeTimeout().plusSeconds(5);
    m.pass(limit.minusNanos(1));
    assertThat(only(m).phase()).isEqualTo(WAKING);
    m.pass(Duration.ofNanos(1));
    Instance deaf = m.starts.get(0);
    assertThat(deaf.phase()).isEqualTo(RELEASING);
    m.woken(null); // too late
    assertThat(deaf.phase()).isEqualTo(RELEASING);
    m.released(deaf);
    m.ready(only(m));
    assertThat(caller.grant).isNotNull();
    assertThat(m.events(DeploymentEvent.InstanceReplaced.class))
        .singleElement()
        .satisfies(e -> assertThat(e.message()).startsWith("it did not wake within"));
  }

  @Test
  void orderToSleepThatIsNotAnswered_releasesIt() {
    MachineHarness m = sleepy(b -> b).pass(SLEEP_AFTER);
    m.pass(SleepMode.vllm().sleepTimeout().plusSeconds(5));
    assertThat(only(m).phase()).isEqualTo(RELEASING);
    assertThat(only(m).releaseReason).isEqualTo(ReleaseReason.SLEEP_FAILED);
  }

  @Test
  void exitWhileAsleep_releasesIt_andCallersGetAnother() {
    MachineHarness m = asleep(b -> b);
    Caller caller = m.acquire();
    m.exits(only(m));
    Instance dead = m.starts.get(0);
    assertThat(dead.releaseReason).isEqualTo(ReleaseReason.EXITED);
    m.released(dead);
    m.ready(only(m));
    assertThat(caller.grant).isNotNull();
  }

  @Test
  void requestThatWakesNothing_isRefusedWhileItSleeps() {
    MachineHarness m = asleep(b -> b);
    Caller caller = m.acquire(RouteRule.running());
    assertThat(caller.error()).isNotNull();
    assertThat(m.wakes).isEmpty();
    assertThat(m.machine.lend(RouteRule.running())).isNull();
  }

  @Test
  void requestForTheSleeperByName_wakesIt() {
    MachineHarness m = asleep(b -> b.maxInstances(2));
    Caller caller = m.acquire(RouteRule.instance(only(m).id()));
    assertThat(m.wakes).hasSize(1);
    m.woken(null);
    assertThat(caller.grant).isNotNull();
    assertThat(m.starts).hasSize(1);
  }

  @Test
  void minimumAndWarmInstances_stayAwake() {
    MachineHarness m = sleepy(b -> b.minInstances(1));
    m.open();
    m.pass(SLEEP_AFTER.multipliedBy(10));
    assertThat(m.sleeps).isEmpty();
    MachineHarness n = asleep(b -> b);
    n.update(b -> b.sleepMode(SleepMode.vllm()).sleepAfter(SLEEP_AFTER).minInstances(1));
    assertThat(n.wakes).as("the minimum wakes before it starts").hasSize(1);
    assertThat(n.starts).hasSize(1);
  }

  @Test
  void liveness_isNotAskedWhileItSleeps_andBeginsAnewWhenItIsWoken() {
    MachineHarness m =
        asleep(
            b ->
                b.liveness(ReadinessProbe.http("/live"))
                    .livenessInterval(Duration.ofSeconds(40))
                    .livenessThreshold(1));
    int asked = m.checks.size();
    m.pass(Duration.ofMinutes(3));
    assertThat(m.checks).hasSize(asked);
    m.acquire().cancel();
    m.woken(null);
    assertThat(m.checks).hasSize(asked);
    m.passSeconds(40);
    assertThat(m.checks).hasSize(asked + 1);
  }

  @Test
  void lateAnswerOfTheLivenessProbe_doesNotEndASleeper() {
    MachineHarness m =
        sleepy(
            b ->
                b.liveness(ReadinessProbe.http("/live"))
                    .livenessInterval(Duration.ofSeconds(59))
                    .livenessThreshold(1));
    m.pass(SLEEP_AFTER);
    m.slept(null);
    m.answers(m.checks.get(m.checks.size() - 1), "connection refused");
    assertThat(only(m).phase()).isEqualTo(ASLEEP);
  }

  @Test
  void endOfLife_releasesASleeper() {
    MachineHarness m = asleep(b -> b.maxLifetime(Duration.ofMinutes(2)));
    m.pass(Duration.ofMinutes(1));
    assertThat(only(m).phase()).isEqualTo(RELEASING);
    assertThat(only(m).releaseReason).isEqualTo(ReleaseReason.TOO_OLD);
  }

  @Test
  void release_removal_andForce_endASleeperAtOnce() {
    MachineHarness m = asleep(b -> b);
    m.release();
    assertThat(only(m).phase()).isEqualTo(RELEASING);
    MachineHarness n = asleep(b -> b);
    n.remove();
    assertThat(only(n).phase()).isEqualTo(RELEASING);
    MachineHarness o = asleep(b -> b);
    Caller caller = o.acquire();
    o.releaseNow();
    assertThat(only(o).phase()).isEqualTo(RELEASING);
    assertThat(caller.error()).isNotNull();
  }

  @Test
  void drainByTheHost_leavesOneThatWakesForCallers() {
    MachineHarness m = asleep(b -> b);
    Caller caller = m.acquire();
    assertThat(m.release()).isEmpty();
    m.woken(null);
    assertThat(caller.grant).isNotNull();
  }

  @Test
  void closeThatKeepsInstances_leavesASleeperAsleep() {
    MachineHarness m = asleep(b -> b);
    m.close(Duration.ZERO, true);
    assertThat(m.detached).containsExactly(only(m));
    MachineHarness n = asleep(b -> b);
    n.close(Duration.ZERO, false);
    assertThat(only(n).phase()).isEqualTo(RELEASING);
  }

  @Test
  void foundAsleep_isKept_wokenByARequest_andReleasedWhenIdle() {
    MachineHarness m = machine(b -> b.sleepMode(SleepMode.vllm()).sleepAfter(SLEEP_AFTER));
    Instance found = m.adopt(60, 0);
    m.foundAsleep(found);
    assertThat(found.phase()).isEqualTo(ASLEEP);
    m.passSeconds(10);
    Caller caller = m.acquire();
    m.woken(null);
    assertThat(caller.grant).isNotNull();
    MachineHarness n = machine(b -> b.sleepMode(SleepMode.vllm()).sleepAfter(SLEEP_AFTER));
    Instance other = n.adopt(60, 0);
    n.foundAsleep(other);
    n.pass(Duration.ofMinutes(5));
    assertThat(other.phase()).isEqualTo(RELEASING);
  }

  @Test
  void foundAsleep_withoutAWayToWakeIt_isReleased() {
    MachineHarness m = machine(b -> b);
    Instance found = m.adopt(60, 0);
    m.foundAsleep(found);
    assertThat(found.phase()).isEqualTo(RELEASING);
  }

  // Room.

  @Test
  void asleep_leavesItsRoom_andWakingIsAWishForIt() {
    MachineHarness m = asleepInRoom();
    Room room = only(m).room();
    assertThat(m.aboutRoom()).endsWith(new Effect.Slumber(only(m), room, 0, false));
    Caller caller = m.acquire();
    assertThat(only(m).phase()).isEqualTo(ASLEEP);
    assertThat(m.aboutRoom()).contains(new Effect.Want(ONE, 1, 1, room, 0));
    m.giveToWake(room);
    assertThat(only(m).phase()).isEqualTo(WAKING);
    assertThat(m.aboutRoom()).contains(new Effect.Want(ONE, 0, 2));
    m.woken(null);
    assertThat(caller.grant).isNotNull();
    assertThat(m.starts).hasSize(1);
  }

  @Test
  void pinnedSleeper_keepsItsRoom_andIsWokenAtOnce() {
    MachineHarness m =
        machine(b -> b.gpu(ONE).pinned(true).sleepMode(SleepMode.vllm()).sleepAfter(SLEEP_AFTER));
    Caller first = m.acquire();
    m.give(7, ONE);
    m.ready(only(m));
    first.close();
    m.pass(SLEEP_AFTER);
    m.slept(null);
    assertThat(m.aboutRoom()).noneMatch(Effect.Slumber.class::isInstance);
    m.makeRoom(7, false, true);
    assertThat(only(m).phase()).isEqualTo(ASLEEP);
    m.passSeconds(20);
    assertThat(only(m).asleepNanos(m.now())).as("it is paid for").isZero();
    m.acquire();
    assertThat(only(m).phase()).isEqualTo(WAKING);
  }

  @Test
  void sleeperThatCallersWaitFor_isNotReleasedAsIdle_butAsSoonAsTheyLeave() {
    MachineHarness m = asleepInRoom();
    Caller caller = m.acquire(Duration.ofHours(1));
    m.pass(Duration.ofMinutes(20));
    assertThat(only(m).phase()).isEqualTo(ASLEEP);
    caller.cancel();
    m.pass(Duration.ZERO);
    assertThat(only(m).phase()).isEqualTo(RELEASING);
    MachineHarness o = asleepInRoom();
    Caller early = o.acquire(Duration.ofHours(1));
    o.fire();
    early.cancel();
    o.pass(Duration.ofMinutes(4));
    assertThat(only(o).phase()).as("its caller left before its time was over").isEqualTo(RELEASING);
    MachineHarness n = asleepInRoom();
    n.acquire(Duration.ofMinutes(9));
    n.pass(Duration.ofMinutes(9));
    assertThat(only(n).phase()).as("its caller gave up").isEqualTo(RELEASING);
  }

  @Test
  void whereSleepersKeepTheirRoom_theyAreWokenAtOnce_andReleasedToMakeRoom() {
    MachineHarness m = machine(b -> b.gpu(ONE).sleepMode(SleepMode.vllm()).sleepAfter(SLEEP_AFTER));
    m.machine.sleepersKeepRoom();
    Caller first = m.acquire();
    m.give(7, ONE);
    m.ready(only(m));
    first.close();
    assertThat(m.machine.rooms().occupants(0).get(0).keptBytes()).isEqualTo(-1);
    m.pass(SLEEP_AFTER);
    m.slept(null);
    assertThat(m.aboutRoom()).noneMatch(Effect.Slumber.class::isInstance);
    m.acquire();
    assertThat(only(m).phase()).isEqualTo(WAKING);
    m.woken(null);
    MachineHarness n = machine(b -> b.gpu(ONE).sleepMode(SleepMode.vllm()).sleepAfter(SLEEP_AFTER));
    n.machine.sleepersKeepRoom();
    Caller one = n.acquire();
    n.give(7, ONE);
    n.ready(only(n));
    one.close();
    n.pass(SLEEP_AFTER);
    n.slept(null);
    n.makeRoom(7, false, false);
    assertThat(only(n).phase()).isEqualTo(RELEASING);
  }

  @Test
  void roomForASleeperThatNobodyNeedsAnyLonger_isGivenUpAgain() {
    MachineHarness m = asleepInRoom();
    m.acquire().cancel();
    m.aboutRoom();
    m.giveToWake(only(m).room());
    assertThat(only(m).phase()).isEqualTo(ASLEEP);
    assertThat(m.aboutRoom()).contains(new Effect.Slumber(only(m), only(m).room(), 0, false));
  }

  @Test
  void roomForASleeperThatIsGone_startsNothingInIt() {
    MachineHarness m = asleepInRoom();
    Room room = only(m).room();
    m.acquire();
    m.exits(only(m));
    m.released(m.starts.get(0));
    m.aboutRoom();
    m.giveToWake(room);
    assertThat(m.starts).hasSize(1);
    assertThat(m.aboutRoom()).doesNotContain(new Effect.RoomBack(room));
  }

  @Test
  void makingRoom_putsItToSleep_ifThatIsEnough() {
    MachineHarness m = machine(b -> b.gpu(ONE).sleepMode(SleepMode.vllm()));
    Caller first = m.acquire();
    m.give(7, ONE);
    m.ready(only(m));
    first.close();
    m.makeRoom(7, false, true);
    assertThat(only(m).phase()).isEqualTo(FALLING_ASLEEP);
    m.slept(null);
    assertThat(m.events(DeploymentEvent.InstanceAsleep.class))
        .singleElement()
        .satisfies(e -> assertThat(e.forDeployment()).isEqualTo("other"));
    assertThat(m.released()).isEmpty();
    m.makeRoom(7, false, false);
    assertThat(only(m).phase()).as("asked for what it keeps").isEqualTo(RELEASING);
    assertThat(only(m).releaseReason).isEqualTo(ReleaseReason.MADE_ROOM);
  }

  @Test
  void makingRoom_whileBusy_finishesFirst_takesNothingNew_andSleepsThen() {
    MachineHarness m = machine(b -> b.gpu(ONE).sleepMode(SleepMode.vllm()));
    Caller busy = m.acquire();
    m.give(7, ONE);
    m.ready(only(m));
    m.makeRoom(7, true, true);
    assertThat(only(m).phase()).isEqualTo(FALLING_ASLEEP);
    assertThat(m.sleeps).isEmpty();
    Caller next = m.acquire();
    m.passSeconds(3600);
    assertThat(only(m).phase()).as("it has all the time").isEqualTo(FALLING_ASLEEP);
    Caller late = m.acquire();
    assertThat(late.grant).isNull();
    busy.close();
    assertThat(m.sleeps).hasSize(1);
    m.slept(null);
    assertThat(next.error()).isNotNull();
    assertThat(only(m).phase()).isEqualTo(ASLEEP);
    assertThat(m.machine.releaseAt(only(m)))
        .as("it is not kept for ever")
        .isEqualTo(m.now() + Duration.ofMinutes(5).toNanos());
    m.giveToWake(only(m).room());
    m.woken(null);
    assertThat(late.grant).isNotNull();
  }

  @Test
  void oneThatHangs_whileItFinishesBeforeItSleeps_isReleased_notWokenLater() {
    MachineHarness m = machine(b -> b.gpu(ONE).sleepMode(SleepMode.vllm()));
    Caller busy = m.acquire();
    m.give(7, ONE);
    m.ready(only(m));
    m.makeRoom(7, true, true);
    m.abandoned(only(m), "it does not answer");
    busy.close();
    assertThat(m.sleeps).isEmpty();
    assertThat(only(m).phase()).isEqualTo(RELEASING);
    assertThat(only(m).releaseReason).isEqualTo(ReleaseReason.HUNG);
  }

  @Test
  void makingRoom_releasesIt_ifSleepIsNotEnough() {
    MachineHarness m = machine(b -> b.gpu(ONE).sleepMode(SleepMode.vllm().keptBytes(1)));
    Caller first = m.acquire();
    m.give(7, ONE);
    m.ready(only(m));
    first.close();
    m.makeRoom(7, false, false);
    assertThat(only(m).phase()).isEqualTo(RELEASING);
  }

  @Test
  void sleeperWhoseGpusOthersKeepForGood_isReleased_soThatAnotherCanStartElsewhere() {
    MachineHarness m = asleepInRoom();
    m.acquire();
    m.waits(blocked(false));
    assertThat(only(m).phase()).as("the provider refuses for a moment").isEqualTo(ASLEEP);
    m.waits(blocked(true));
    assertThat(only(m).phase()).isEqualTo(RELEASING);
    m.aboutRoom();
    m.released(m.starts.get(0));
    assertThat(m.aboutRoom()).contains(new Effect.Want(ONE, 1, 1));
  }

  private static RoomWait blocked(boolean forGood) {
    return new RoomWait(
        "GPU 0",
        List.of(
            new RoomWait.Holder("other", "o-1", InstancePhase.READY, 0, PlaceInLine.Next.STAYS, 0)),
        0,
        1,
        Instance.NEVER,
        "",
        forGood);
  }

  @Test
  void turnOfOneThatWasWoken_beginsWhenItIsAwake() {
    MachineHarness m = asleepInRoom();
    m.acquire();
    m.giveToWake(only(m).room());
    m.passSeconds(3);
    long guess = m.machine.rooms().watch(1, 0).wakeNanos();
    m.woken(null);
    assertThat(m.machine.rooms().occupants(0))
        .singleElement()
        .satisfies(o -> assertThat(o.readyAt()).isEqualTo(m.now()));
    Party party = m.machine.rooms().watch(1, 0);
    assertThat(guess).as("before the first").isEqualTo(party.startNanos() / 10);
    assertThat(party.wakeNanos()).as("learned").isEqualTo(Duration.ofSeconds(3).toNanos());
  }
}
