package dev.autodeploy.testing.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.Lease;
import dev.autodeploy.RouteRule;
import dev.autodeploy.Schedule;
import dev.autodeploy.SleepMode;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.testing.InstancePlan;
import dev.autodeploy.testing.ManualProcess;
import dev.autodeploy.testing.SimulatedInstance;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The findings of random walks, each told as a short story. */
class FoundByTheWalkTest extends EngineStory {
  @Test
  void acquire_boundToAnInstanceThatDies_getsTheRoomOfAnother() {
    first.plan(InstancePlan.readyAfter(Duration.ZERO).releaseTakes(Duration.ofSeconds(30)));
    AutoDeploy autoDeploy = time.build(AutoDeploy.builder().provider(first));
    Deployment voice = autoDeploy.deploy(spec("voice").maxInstances(2).concurrency(1).build());
    Lease held = time.<Lease>await(voice.acquireAsync());
    Lease other = time.<Lease>await(voice.acquireAsync());
    CompletableFuture<Lease> bound =
        voice.acquireAsync(
            AcquireRequest.within(Duration.ofMinutes(1)).route(RouteRule.roundRobin()));
    time.runReady();
    // It waits for one of the two; the other one gets room, and then that one dies.
    String target = boundTo(voice, held, other);
    (target.equals(held.instanceId()) ? other : held).close();
    assertThat(bound).isNotDone();

    first.crash(target, InstanceExit.unknown("the host lost power"));
    time.runReady();

    assertThat(bound).as("the other instance has room").isDone();
    time.close(autoDeploy);
  }

  /** With everything alike, the first round goes to the oldest instance. */
  private static String boundTo(Deployment voice, Lease held, Lease other) {
    String oldest = voice.status().instances().get(0).id();
    return oldest.equals(held.instanceId()) ? held.instanceId() : other.instanceId();
  }

  @Test
  void restart_withAnOrphanThatGoesByItself_closesItsAccount() {
    first.plan(InstancePlan.readyAfter(Duration.ZERO).releaseTakes(Duration.ofSeconds(5)));
    removeAndKill();

    AutoDeploy second = restart(first.reconnect(), false);
    time.advance(Duration.ofMinutes(10));

    assertThat(first.existing()).isEmpty();
    assertThat(openAccounts()).as("accounts of instances that are gone").isEmpty();
    time.close(second);
  }

  @Test
  void deploy_whileAnOrphanOfTheSameNameIsBeingReleased_keepsTheMaximum() {
    first.plan(InstancePlan.readyAfter(Duration.ZERO).releaseTakes(Duration.ofMinutes(2)));
    removeAndKillBeforeTheRelease();
    AutoDeploy second = restart(first.reconnect(), false);
    time.advance(Duration.ofSeconds(91)); // the orphan's release is under way

    Deployment voice = second.deploy(spec("voice").build());
    voice.acquireAsync();
    time.advance(Duration.ofMinutes(5));

    assertThat(first.maxExisting("voice")).isEqualTo(1);
    time.close(second);
  }

  @Test
  void close_thatLeavesInstances_leavesOrReleasesWhatWasNotClaimedYet() {
    removeAndKillBeforeTheRelease();
    AutoDeploy second = restart(first.reconnect(), true);

    time.close(second);

    assertThat(first.instances().get(0).releaseAskedAt() != null || !openAccounts().isEmpty())
        .as("released, or left with its account open")
        .isTrue();
    assertThat(first.existing().isEmpty())
        .as("what is gone has no open account")
        .isEqualTo(openAccounts().isEmpty());
  }

  @Test
  void close_whileAnOrphanIsBeingReleased_waitsForIt() {
    first.plan(InstancePlan.readyAfter(Duration.ZERO).releaseTakes(Duration.ofSeconds(20)));
    removeAndKillBeforeTheRelease();
    AutoDeploy second = restart(first.reconnect(), false);
    time.advance(Duration.ofSeconds(65)); // the orphan's release is under way
    time.close(second);

    SimulatedInstance orphan = first.instances().get(0);
    assertThat(orphan.releaseConfirmedAt())
        .as("verified gone before the close returns")
        .isNotNull();
    assertThat(openAccounts()).isEmpty();
  }

  @Test
  void orphan_whoseReleaseIsOnlyPretended_isCountedUntilItIsGone() {
    first.plan(InstancePlan.readyAfter(Duration.ZERO).releasePretended(1));
    removeAndKillBeforeTheRelease();
    AutoDeploy second = restart(first.reconnect(), false);
    time.advance(Duration.ofMinutes(10));

    SimulatedInstance orphan = first.instances().get(0);
    assertThat(orphan.lifetime()).isNotNull();
    assertThat(paid(orphan.instanceId())).isGreaterThanOrEqualTo(orphan.lifetime());
    time.close(second);
  }

  @Test
  void restart_withAStartThatIsListedLate_countsItUntilItIsGone() {
    first.plan(InstancePlan.readyAfter(Duration.ZERO).listedAfter(Duration.ofSeconds(20)));
    ManualProcess process = time.newProcess();
    AutoDeploy engine = build(process, first, false);
    Deployment voice = engine.deploy(spec("voice").build());
    voice.acquireAsync();
    time.runReady();
    process.kill();
    store.cut();

    AutoDeploy second = restart(first.reconnect(), false);
    time.advance(Duration.ofMinutes(10));

    SimulatedInstance late = first.instances().get(0);
    assertThat(late.lifetime()).isNotNull();
    assertThat(paid(late.instanceId())).isGreaterThanOrEqualTo(late.lifetime());
    time.close(second);
  }

  @Test
  void start_thatIsAnsweredAfterItsRelease_isReleasedAndCountedUntilThen() {
    first.plan(
        InstancePlan.readyAfter(Duration.ZERO)
            .upAfter(Duration.ofSeconds(2))
            .listedAfter(Duration.ofSeconds(3))
            .releasePretended(1));
    AutoDeploy engine = build(time.newProcess(), first, false);
    Deployment voice = engine.deploy(spec("voice").startTimeout(Duration.ofSeconds(1)).build());
    voice.acquireAsync();

    time.advance(Duration.ofSeconds(3));

    SimulatedInstance late = first.instances().get(0);
    assertThat(late.lifetime()).isEqualTo(Duration.ofSeconds(2));
    assertThat(paid(late.instanceId())).isEqualTo(late.lifetime());
    time.close(engine);
  }

  @Test
  void close_whenAnInstanceIsListedLate_looksOnceMore() {
    first.planNext(
        InstancePlan.readyAfter(Duration.ZERO)
            .listedAfter(Duration.ofSeconds(3))
            .releasePretended(1));
    AutoDeploy engine = build(time.newProcess(), first, false);
    Lease held = time.<Lease>await(engine.deploy(spec("held").build()).acquireAsync());
    Deployment voice = engine.deploy(spec("voice").build());
    first.planNext(
        InstancePlan.readyAfter(Duration.ZERO)
            .listedAfter(Duration.ofSeconds(3))
            .releasePretended(1));
    time.<Lease>await(voice.acquireAsync()).close();
    time.schedule(Duration.ofSeconds(4), held::close);

    time.close(engine);

    for (SimulatedInstance instance : first.instances()) {
      assertThat(instance.releaseConfirmedAt())
          .as("verified gone before the close returns")
          .isNotNull();
      assertThat(paid(instance.instanceId())).isEqualTo(instance.lifetime());
    }
  }

  @Test
  void orphan_thatAVerifyingListShows_isReleasedAndCountedUntilItIsGone() {
    first.planNext(
        InstancePlan.readyAfter(Duration.ZERO)
            .listedAfter(Duration.ofSeconds(1))
            .releaseTakes(Duration.ofSeconds(3)));
    ManualProcess process = time.newProcess();
    AutoDeploy engine = build(process, first, false);
    Deployment voice = engine.deploy(spec("voice").build());
    time.<Lease>await(voice.acquireAsync()).close();
    voice.release();
    time.runReady();
    process.kill();
    store.cut();

    AutoDeploy second = restart(first.reconnect(), false); // the list leaves it out
    voice = second.deployment("voice");
    time.<Lease>await(voice.acquireAsync()).close();
    time.advance(Duration.ofSeconds(2));
    voice.release();
    time.advance(Duration.ofSeconds(10)); // no regular look comes

    SimulatedInstance orphan = first.instances().get(0);
    assertThat(orphan.lifetime()).isEqualTo(Duration.ofSeconds(3));
    assertThat(paid(orphan.instanceId())).isEqualTo(orphan.lifetime());
    time.close(second);
  }

  @Test
  void start_thatIsWrittenAlthoughTheStoreFailed_isNotPaidForAfterARestart() {
    ManualProcess process = time.newProcess();
    AutoDeploy engine = build(process, first, false);
    Deployment voice = engine.deploy(spec("voice").build());
    write = WalkStore.Write.FAILS_KEPT;
    voice.acquireAsync();
    time.runReady();
    assertThat(first.instances()).as("nothing is started that is not written").isEmpty();
    write = WalkStore.Write.WELL;
    time.advance(Duration.ofMinutes(1));
    process.kill();
    store.cut();

    time.advance(Duration.ofHours(1));
    AutoDeploy second = restart(first.reconnect(), false);

    assertThat(second.deployment("voice").usage(Instant.MIN, Instant.MAX))
        .allSatisfy(usage -> assertThat(usage.duration()).isZero());
    time.close(second);
  }

  @Test
  void release_inTheMomentInWhichTheClockOpensAWindow_drainsWhatThatStarts() {
    AutoDeploy engine = time.build(AutoDeploy.builder().provider(first));
    String opens = time.instant().plus(Duration.ofHours(1)).toString().substring(11, 16);
    String closes = time.instant().plus(Duration.ofHours(2)).toString().substring(11, 16);
    Deployment voice =
        engine.deploy(
            spec("voice")
                .schedule(Schedule.weekly(ZoneOffset.UTC).warm("MON-SUN", opens, closes, 1))
                .build());
    time.runReady();
    time.stepClock(Duration.ofMinutes(90));
    CompletableFuture<Void> released = voice.release();
    time.advance(Duration.ofSeconds(1));
    assertThat(released).isCompleted();
    assertThat(voice.status().instances()).as("the window keeps one warm").hasSize(1);
    time.close(engine);
  }

  @Test
  void sleep_thatAKilledEngineAskedFor_givesNoGpuAwayBeforeItIsOver() {
    Duration slow = Duration.ofSeconds(30);
    SleepMode mode =
        SleepMode.of(
            List.of(SleepMode.Request.post("/sleep").timeout(slow.multipliedBy(2))),
            List.of(SleepMode.Request.post("/wake_up")));
    first.gpus("0");
    first.plan(InstancePlan.readyAfter(Duration.ZERO).sleepTakes(slow));
    ManualProcess process = time.newProcess();
    AutoDeploy engine = build(process, first, false);
    Deployment voice =
        engine.deploy(spec("voice").gpu(GpuRequest.count(1)).sleepMode(mode).build());
    Deployment music = engine.deploy(spec("music").gpu(GpuRequest.count(1)).build());
    time.<Lease>await(voice.acquireAsync()).close();
    time.advance(Duration.ofMinutes(1));
    music.acquireAsync();
    time.advance(Duration.ofSeconds(10)); // it is told to sleep, and does not yet
    process.kill();
    store.cut();

    AutoDeploy second = restart(first.reconnect(), false);
    CompletableFuture<Lease> waiting = second.deployment("music").acquireAsync();
    time.advance(Duration.ofSeconds(10));
    assertThat(second.deployment("music").status().starts()).as("on a GPU that is held").isZero();
    assertThat(waiting).isNotDone();

    time.advance(slow);
    assertThat(waiting).isCompleted();
    time.close(second);
  }

  @Test
  void acquire_asleepBesideOneThatIsBeingReleased_wakesUnderALowerMaximum() {
    SleepMode mode =
        SleepMode.of(
            List.of(SleepMode.Request.post("/sleep")), List.of(SleepMode.Request.post("/wake_up")));
    first.plan(InstancePlan.readyAfter(Duration.ZERO).releaseTakes(Duration.ofMinutes(3)));
    AutoDeploy engine = build(time.newProcess(), first, false);
    Deployment voice =
        engine.deploy(
            spec("voice")
                .maxInstances(2)
                .concurrency(1)
                .sleepMode(mode)
                .sleepAfter(Duration.ofSeconds(10))
                .build());
    Lease held = time.<Lease>await(voice.acquireAsync());
    time.<Lease>await(voice.acquireAsync()).close();
    held.close();
    engine.update(voice.spec().toBuilder().maxInstances(1).build()); // one goes, for long
    time.advance(Duration.ofSeconds(11));
    assertThat(voice.status().count(InstancePhase.ASLEEP)).isEqualTo(1);
    assertThat(voice.status().count(InstancePhase.RELEASING)).isEqualTo(1);

    CompletableFuture<Lease> waiting = voice.acquireAsync();
    time.advance(Duration.ofSeconds(1));

    assertThat(waiting).as("the sleeper is there already").isCompleted();
    time.close(engine);
  }

  @Test
  void close_thatServesTheLastWhoWaits_releasesASleeperThatWasKeptForThem() {
    SleepMode mode =
        SleepMode.of(
            List.of(SleepMode.Request.post("/sleep")), List.of(SleepMode.Request.post("/wake_up")));
    first.plan(InstancePlan.readyAfter(Duration.ZERO).sleepTakes(Duration.ofSeconds(10)));
    AutoDeploy engine = build(time.newProcess(), first, false);
    Deployment voice =
        engine.deploy(
            spec("voice")
                .maxInstances(3)
                .concurrency(1)
                .sleepMode(mode)
                .sleepAfter(Duration.ofSeconds(10))
                .idleTimeout(Duration.ofSeconds(60))
                .build());
    Lease held = time.<Lease>await(voice.acquireAsync());
    Lease second = time.<Lease>await(voice.acquireAsync());
    time.<Lease>await(voice.acquireAsync()).close();
    second.close();
    time.advance(Duration.ofSeconds(55));
    CompletableFuture<Lease> waiting = voice.acquireAsync(); // one of the two wakes
    time.advance(Duration.ofSeconds(6));
    assertThat(voice.status().count(InstancePhase.ASLEEP)).isEqualTo(1);

    held.close();
    time.advance(Duration.ofSeconds(1));

    assertThat(waiting).isCompleted();
    assertThat(voice.status().count(InstancePhase.ASLEEP)).as("beyond its time").isZero();
    time.close(engine);
  }
}
