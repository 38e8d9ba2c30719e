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
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.RouteRule;
import dev.autodeploy.SleepMode;
import dev.autodeploy.StartFailure;
import dev.autodeploy.StartReason;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.Prewarm;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.UsageHistory;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The answers to orders to sleep and to wake, and what an earlier process has left asleep. */
final class MachineSleepOrdersTest {
  private static final Duration SLEEP_AFTER = Duration.ofMinutes(1);
  private static final GpuRequest ONE = GpuRequest.count(1);

  private static MachineHarness sleepy(UnaryOperator<DeploymentSpec.Builder> changes) {
    return machine(b -> changes.apply(b.sleepMode(SleepMode.vllm()).sleepAfter(SLEEP_AFTER)));
  }

  private static MachineHarness asleep(UnaryOperator<DeploymentSpec.Builder> changes) {
    MachineHarness m = sleepy(changes).warm().pass(SLEEP_AFTER);
    m.slept(null);
    return m;
  }

  /** Asleep in room 7; pinned, so that it keeps it. */
  private static MachineHarness asleepInRoomThatItKeeps() {
    MachineHarness m = sleepy(b -> b.gpu(ONE).pinned(true));
    Caller caller = m.acquire();
    m.give(7, ONE);
    m.ready(m.starts.get(0));
    caller.close();
    m.pass(SLEEP_AFTER);
    m.slept(null);
    m.aboutRoom();
    return m;
  }

  private static Instance first(MachineHarness m) {
    return m.starts.get(0);
  }

  private static long nanos(long seconds) {
    return Duration.ofSeconds(seconds).toNanos();
  }

  // Answers.

  @Test
  void state_isToldAsItFallsAsleep_andAgainWhenItIsAwake() {
    MachineHarness m = sleepy(b -> b).warm().pass(SLEEP_AFTER);
    assertThat(lastState(m)).as("it takes no request any longer").isEqualTo(DeploymentState.IDLE);
    m.slept(null);
    m.acquire();
    m.passSeconds(3);
    m.woken(null);
    assertThat(lastState(m)).isEqualTo(DeploymentState.RUNNING);
    assertThat(m.events(DeploymentEvent.InstanceWoken.class))
        .singleElement()
        .satisfies(e -> assertThat(e.duration()).isEqualTo(Duration.ofSeconds(3)));
  }

  private static DeploymentState lastState(MachineHarness m) {
    List<DeploymentEvent.StatusChanged> changes = m.events(DeploymentEvent.StatusChanged.class);
    return changes.get(changes.size() - 1).to();
  }

  @Test
  void answerToAnEarlierOrder_doesNotCount() {
    MachineHarness m = asleep(b -> b);
    m.acquire().cancel();
    m.woken(null);
    m.pass(SLEEP_AFTER);
    assertThat(first(m).phase()).isEqualTo(FALLING_ASLEEP);
    Effect.Sleep earlier = m.sleeps.get(0);
    m.machine.sleep().slept(m.now(), first(m), earlier.order(), "too late");
    assertThat(first(m).phase()).isEqualTo(FALLING_ASLEEP);
    m.slept(null);
    m.acquire();
    Effect.Wake before = m.wakes.get(0);
    m.machine.sleep().woken(m.now(), first(m), before.order(), "too late");
    assertThat(first(m).phase()).isEqualTo(WAKING);
    m.machine.sleep().woken(m.now(), first(m), m.sleeps.get(1).order(), "too late");
    assertThat(first(m).phase()).isEqualTo(WAKING);
  }

  @Test
  void answerOfOneThatHasEnded_doesNotCount() {
    MachineHarness m = sleepy(b -> b).warm().pass(SLEEP_AFTER);
    m.exits(first(m));
    m.slept(null);
    assertThat(first(m).phase()).isEqualTo(RELEASING);
    assertThat(m.events(DeploymentEvent.InstanceAsleep.class)).isEmpty();
  }

  @Test
  void refusalToWake_releasesIt_rejectsWhoNamedIt_andTheOthersGetAnother() {
    MachineHarness m = asleep(b -> b.maxInstances(2));
    Caller named = m.acquire(RouteRule.instance(first(m).id()));
    Caller any = m.acquire();
    m.passSeconds(2);
    m.woken("POST /wake_up answered 500");
    assertThat(first(m).phase()).isEqualTo(RELEASING);
    assertThat(first(m).releaseReason).isEqualTo(ReleaseReason.SLEEP_FAILED);
    assertThat(named.error()).isNotNull();
    assertThat(m.machine.backoff().lastFailure())
        .satisfies(
            failure -> {
              assertThat(failure.kind()).isEqualTo(StartFailure.Kind.SLEEP);
              assertThat(failure.message()).startsWith("it could not be woken: POST /wake_up");
              assertThat(failure.elapsed()).isEqualTo(Duration.ofSeconds(2));
            });
    assertThat(m.starts).as("started at once, as there may be two").hasSize(2);
    m.ready(m.starts.get(1));
    assertThat(any.instance()).isSameAs(m.starts.get(1));
  }

  @Test
  void orderThatIsNotAnsweredInTime_saysHowLongItHad() {
    MachineHarness m = sleepy(b -> b).warm().pass(SLEEP_AFTER);
    Duration limit = SleepMode.vllm().sleepTimeout().plusSeconds(5);
    m.pass(limit);
    assertThat(m.events(DeploymentEvent.InstanceReplaced.class))
        .singleElement()
        .satisfies(
            e ->
                assertThat(e.message())
                    .isEqualTo("it did not fall asleep within " + limit.toSeconds() + " s"));
  }

  @Test
  void livenessThatIsDueAsItFallsAsleep_doesNotReplaceIt() {
    MachineHarness m =
        sleepy(
                b ->
                    b.liveness(ReadinessProbe.http("/live"))
                        .livenessInterval(Duration.ofSeconds(30))
                        .livenessThreshold(2))
            .warm();
    m.passSeconds(30);
    assertThat(m.checks).hasSize(1); // it is never answered
    m.passSeconds(30);
    assertThat(first(m).phase()).isEqualTo(FALLING_ASLEEP);
    m.slept(null);
    assertThat(first(m).phase()).isEqualTo(ASLEEP);
    assertThat(m.events(DeploymentEvent.InstanceReplaced.class)).isEmpty();
  }

  @Test
  void releaseOfASleeperAsIdle_isFollowedByTheStartThatIsExpected() {
    IdlePolicy everyTenMinutes =
        new IdlePolicy() {
          @Override
          public Optional<Duration> idleTimeout(UsageHistory history) {
            return Optional.of(Duration.ofSeconds(90));
          }

          @Override
          public Optional<Prewarm> prewarm(UsageHistory history) {
            return Optional.of(new Prewarm(Duration.ofSeconds(540), Duration.ofSeconds(90)));
          }
        };
    MachineHarness m = asleep(b -> b.idlePolicy(everyTenMinutes));
    m.passSeconds(30);
    assertThat(first(m).phase()).isEqualTo(RELEASING);
    m.released(first(m));
    m.passSeconds(540 - 90);
    assertThat(m.starts).hasSize(2);
    assertThat(m.starts.get(1).startReason).isEqualTo(StartReason.EXPECTED);
  }

  // What an earlier process has left.

  private static Instance left(
      MachineHarness m, long readyAt, long lastUsedAt, long asleepSince, @Nullable Room room) {
    return left(m, readyAt, lastUsedAt, asleepSince, room, false);
  }

  private static Instance left(
      MachineHarness m,
      long readyAt,
      long lastUsedAt,
      long asleepSince,
      @Nullable Room room,
      boolean keptRoom) {
    Instance instance =
        Instance.restored(
            "old-0",
            0,
            m.machine.spec(),
            m.machine.fingerprint(),
            m.machine.spec().gpu(),
            room,
            new Instance.Past(
                m.now() - nanos(500),
                readyAt,
                lastUsedAt,
                0,
                0,
                null,
                Map.of(),
                SleepTimes.NONE,
                asleepSince,
                keptRoom));
    m.machine.adopt(m.now(), instance);
    return instance;
  }

  @Test
  void foundAsleep_isAsItWasLeft_alsoWhenItWasReadyAndUsed() {
    MachineHarness m = sleepy(b -> b);
    long now = m.now();
    Instance found = left(m, now - nanos(400), now - nanos(200), now - nanos(100), null);
    m.foundAsleep(found);
    assertThat(m.events(DeploymentEvent.InstanceAdopted.class))
        .singleElement()
        .satisfies(
            e -> assertThat(e.readySince()).isEqualTo(Instant.EPOCH.plusNanos(now - nanos(400))));
    assertThat(m.machine.releaseAt(found)).isEqualTo(now + nanos(100));
    assertThat(found.asleepNanos(now)).isEqualTo(nanos(100));
    m.passSeconds(100);
    assertThat(found.phase()).isEqualTo(RELEASING);
  }

  @Test
  void foundAsleep_ofWhichNothingIsKnown_countsFromNow() {
    MachineHarness m = sleepy(b -> b);
    Instance found = m.adopt(60, 0);
    m.passSeconds(2);
    m.foundAsleep(found);
    assertThat(found.readyAt()).isEqualTo(m.now());
    assertThat(m.machine.releaseAt(found)).isEqualTo(m.now() + nanos(300));
    m.passSeconds(3);
    assertThat(found.asleepNanos(m.now())).isEqualTo(nanos(3));
  }

  @Test
  void foundAsleepInItsRoom_leavesThatToOthers() {
    MachineHarness m = sleepy(b -> b.gpu(ONE));
    Room room = new Room(3, 1, ONE, List.of("0"));
    Instance found = left(m, m.now(), m.now(), m.now(), room);
    m.foundAsleep(found);
    assertThat(m.aboutRoom()).contains(new Effect.Slumber(found, room, 0, false));
  }

  @Test
  void foundAsleep_thatKeptItsRoomSoFar_isWrittenDownAsLeavingIt() {
    MachineHarness m = sleepy(b -> b.gpu(ONE));
    Room room = new Room(3, 1, ONE, List.of("0"));
    Instance found = left(m, m.now(), m.now(), m.now(), room, true);
    m.passSeconds(2);
    m.foundAsleep(found);
    assertThat(m.aboutRoom()).contains(new Effect.Slumber(found, room, 0, true));
    m.passSeconds(3);
    assertThat(found.asleepNanos(m.now())).isEqualTo(nanos(3));
  }

  @Test
  void foundAsleep_thatIsPinnedSince_isWrittenDownAsKeepingItsRoom() {
    MachineHarness m = sleepy(b -> b.gpu(ONE).pinned(true));
    Room room = new Room(3, 1, ONE, List.of("0"));
    Instance found = left(m, m.now(), m.now(), m.now(), room);
    m.passSeconds(2);
    m.foundAsleep(found);
    assertThat(m.aboutRoom()).containsExactly(new Effect.KeepsRoom(found));
    m.passSeconds(3);
    assertThat(found.asleepNanos(m.now())).as("until it was found").isEqualTo(nanos(2));
  }

  @Test
  void foundAsleep_isWokenForWhoWaitsAlready() {
    MachineHarness m = sleepy(b -> b);
    Instance found = m.adopt(60, 0);
    Caller caller = m.acquire();
    m.foundAsleep(found);
    assertThat(found.phase()).isEqualTo(WAKING);
    m.woken(null);
    assertThat(caller.instance()).isSameAs(found);
  }

  @Test
  void foundAsleep_afterItWasToBeReleased_isReleased() {
    MachineHarness m = sleepy(b -> b);
    Instance found = m.adopt(60, 0);
    m.release();
    m.foundAsleep(found);
    assertThat(found.phase()).isEqualTo(RELEASING);
    assertThat(m.events(DeploymentEvent.InstanceAdopted.class)).isEmpty();
  }

  @Test
  void foundAwake_countsNoSleep_andIsToldToSleepAgain_unlessOthersMayUseIt() {
    MachineHarness m = sleepy(b -> b);
    Instance found = left(m, m.now(), m.now(), m.now() - nanos(50), null);
    assertThat(m.machine.sleep().foundAwake(m.now(), found)).isFalse();
    assertThat(found.asleepNanos(m.now())).isZero();
    m.passSeconds(1);
    m.foundAsleep(found);
    assertThat(found.asleepNanos(m.now())).as("while it was told again").isEqualTo(nanos(1));

    MachineHarness n = sleepy(b -> b);
    Instance used = left(n, n.now(), n.now(), n.now() - nanos(50), null);
    used.holdUntil(n.now() + nanos(30));
    assertThat(n.machine.sleep().foundAwake(n.now(), used)).isTrue();
    n.passSeconds(1);
    n.ready(used);
    assertThat(used.phase()).isEqualTo(READY);
    assertThat(used.asleepNanos(n.now())).isZero();
  }

  @Test
  void readyAlthoughItWasLeftAsleep_isAwakeFromThenOn() {
    MachineHarness m = sleepy(b -> b);
    Instance found = left(m, m.now(), m.now(), m.now() - nanos(50), null);
    m.passSeconds(2);
    m.ready(found);
    assertThat(found.wasAsleep()).isFalse();
    m.passSeconds(20);
    assertThat(found.asleepNanos(m.now())).isEqualTo(nanos(52));
  }

  // Room.

  @Test
  void pinnedSleeper_isShownToOthersAsAwake_andAnyOtherAsAsleep() {
    MachineHarness m = asleepInRoomThatItKeeps();
    assertThat(m.machine.rooms().occupants(0))
        .singleElement()
        .satisfies(o -> assertThat(o.phase()).isEqualTo(READY));
    m.update(b -> b.gpu(ONE).sleepMode(SleepMode.vllm()).sleepAfter(SLEEP_AFTER));
    assertThat(m.machine.rooms().occupants(0))
        .singleElement()
        .satisfies(o -> assertThat(o.phase()).isEqualTo(ASLEEP));
  }

  @Test
  void sleeperThatIsNoLongerPinned_givesUpTheRoomThatItKept_asSoonAsOthersWantIt() {
    MachineHarness m = asleepInRoomThatItKeeps();
    m.makeRoom(7, true, true);
    assertThat(m.events(DeploymentEvent.InstanceMakesRoom.class)).as("pinned").isEmpty();
    m.update(b -> b.gpu(ONE).sleepMode(SleepMode.vllm()).sleepAfter(SLEEP_AFTER));
    m.passSeconds(10);
    m.makeRoom(7, false, true);
    assertThat(first(m).phase()).isEqualTo(ASLEEP);
    assertThat(m.aboutRoom()).contains(new Effect.Slumber(first(m), first(m).room(), 0, true));
    m.passSeconds(5);
    assertThat(first(m).asleepNanos(m.now())).as("counted from then on").isEqualTo(nanos(5));
    m.acquire();
    assertThat(first(m).phase()).as("it waits for its room").isEqualTo(ASLEEP);
  }

  @Test
  void makeRoom_byOneThatSleepsAndGaveItsRoomUp_saysThatOnce_asItMayBeWokenInItByThen() {
    MachineHarness m = sleepy(b -> b.gpu(ONE));
    Caller caller = m.acquire();
    m.give(7, ONE);
    m.ready(first(m));
    caller.close();
    m.makeRoom(7, false, true);
    m.slept(null);
    assertThat(m.aboutRoom()).contains(new Effect.Slumber(first(m), first(m).room(), 0, false));
    m.makeRoom(7, false, true); // decided before the arbiter knew that it sleeps
    assertThat(m.aboutRoom()).noneMatch(Effect.Slumber.class::isInstance);
    assertThat(m.events(DeploymentEvent.InstanceMakesRoom.class)).hasSize(1);
    assertThat(first(m).phase()).isEqualTo(ASLEEP);
  }

  @Test
  void makeRoom_byOneWithoutSleepMode_orThatIsReserved_endsIt_thoughSleepWereEnough() {
    MachineHarness m = machine(b -> b.gpu(ONE));
    Caller caller = m.acquire();
    m.give(7, ONE);
    m.ready(first(m));
    caller.close();
    m.makeRoom(7, false, true);
    assertThat(first(m).phase()).isEqualTo(RELEASING);

    MachineHarness n = sleepy(b -> b.gpu(ONE));
    Caller snapshot = n.acquire();
    n.give(7, ONE);
    n.ready(first(n));
    n.reserve(first(n), true);
    n.makeRoom(7, true, true);
    snapshot.close();
    assertThat(n.sleeps).isEmpty();
    assertThat(first(n).phase()).isEqualTo(RELEASING);
  }

  @Test
  void keptMemory_isOfTheModeByWhichItSleeps_elseOfTheOneInForce_ifItCouldSleep() {
    MachineHarness m = sleepy(b -> b.gpu(ONE));
    Caller caller = m.acquire();
    m.give(7, ONE);
    m.ready(first(m));
    assertThat(kept(m)).isZero();
    m.update(b -> b.gpu(ONE).sleepMode(SleepMode.vllm().keptBytes(5)).sleepAfter(SLEEP_AFTER));
    assertThat(kept(m)).isEqualTo(5);
    m.reserve(first(m), true);
    assertThat(kept(m)).as("reserved").isEqualTo(-1);
    m.reserve(first(m), false);
    caller.close();
    m.pass(SLEEP_AFTER);
    m.slept(null);
    m.update(b -> b.gpu(ONE).sleepMode(SleepMode.vllm().keptBytes(9)).sleepAfter(SLEEP_AFTER));
    assertThat(kept(m)).isEqualTo(5);

    MachineHarness n = machine(b -> b.gpu(ONE));
    n.acquire();
    n.give(7, ONE);
    assertThat(kept(n)).as("it cannot sleep").isEqualTo(-1);
  }

  private static long kept(MachineHarness m) {
    return m.machine.rooms().occupants(0).get(0).keptBytes();
  }

  @Test
  void sleeperThatACallerNamed_isWanted() {
    MachineHarness m = sleepy(b -> b.gpu(ONE));
    Caller caller = m.acquire();
    m.give(7, ONE);
    m.ready(first(m));
    caller.close();
    m.pass(SLEEP_AFTER);
    m.slept(null);
    assertThat(m.machine.rooms().occupants(0).get(0).wanted()).isFalse();
    m.acquire(RouteRule.instance(first(m).id()));
    assertThat(m.machine.rooms().occupants(0).get(0).wanted()).isTrue();
  }
}
