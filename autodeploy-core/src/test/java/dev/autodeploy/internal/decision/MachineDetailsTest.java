package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static dev.autodeploy.internal.decision.MachineHarness.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.DeploymentState;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.RouteRule;
import dev.autodeploy.StartReason;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import dev.autodeploy.internal.spec.SpecFingerprint;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.UsageHistory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The details that mutation testing has shown nobody to look at: small decisions, each by itself.
 */
final class MachineDetailsTest {

  // What an earlier process has left.

  @Test
  void found_fitsIfItRunsOnTheSameSettingsInAFreeSlotWithinTheMaximum() {
    MachineHarness m = machine(b -> b.maxInstances(2));
    String fingerprint = m.machine.fingerprint();
    assertThat(m.machine.fits(found(fingerprint, 0, null))).isTrue();
    assertThat(m.machine.fits(found("other", 0, null))).isFalse();
    assertThat(m.machine.fits(found(fingerprint, 0, MachineHarness.exit(1)))).isFalse();
    m.adopt(10, 0);
    assertThat(m.machine.fits(found(fingerprint, 0, null))).isFalse();
    assertThat(m.machine.fits(found(fingerprint, 1, null))).isTrue();
    m.adopt(10, 1);
    assertThat(m.machine.fits(found(fingerprint, 2, null))).isFalse();
  }

  @Test
  void orphan_isReleasedAsOneOfOurs() {
    MachineHarness m = machine(b -> b);
    Instance orphan = orphan(m, 0);

    assertThat(m.machine.reap(m.now(), orphan)).isTrue();
    m.open();

    assertThat(m.released()).containsExactly(orphan);
    assertThat(orphan.releaseReason).isEqualTo(ReleaseReason.ORPHANED);
    assertThat(m.machine.instances()).containsExactly(orphan);
    m.released(orphan);
    assertThat(m.accountsClosed).containsExactly(orphan);
    assertThat(m.terminations).isZero();
  }

  @Test
  void orphan_ofADeploymentOfWhichNothingIsLeft_isNotTaken() {
    MachineHarness m = machine(b -> b);
    m.remove();
    assertThat(m.terminations).isEqualTo(1);

    assertThat(m.machine.reap(m.now(), orphan(m, 0))).isFalse();

    assertThat(m.machine.instances()).isEmpty();
    assertThat(m.releases).isEmpty();
  }

  @Test
  void removed_canBeMadeAgainOnlyWhileSomethingIsLeft() {
    MachineHarness m = machine(b -> b).warm();
    assertThat(reopen(m)).isFalse();
    m.remove();
    assertThat(m.machine.isRemoved()).isTrue();

    assertThat(reopen(m)).isTrue();

    assertThat(m.machine.isRemoved()).isFalse();
    assertThat(m.machine.spec().description()).isEqualTo("anew");
    assertThat(m.events(DeploymentEvent.Updated.class)).hasSize(1);
    Caller caller = m.acquire();
    m.released(m.starts.get(0));
    assertThat(m.terminations).isZero();
    m.ready(m.starts.get(1));
    assertThat(caller.instance()).isSameAs(m.starts.get(1));

    caller.close();
    m.remove();
    m.released(m.starts.get(1));
    assertThat(m.terminations).isEqualTo(1);
    assertThat(reopen(m)).isFalse();
    m.close(Duration.ZERO, false);
    assertThat(m.terminations).isEqualTo(1);
    assertThat(reopen(m)).isFalse();
  }

  @Test
  void closed_isNotMadeAgainNorRemoved() {
    MachineHarness m = machine(b -> b).warm();
    m.close(Duration.ZERO, false);
    m.remove();

    assertThat(reopen(m)).isFalse();
    assertThat(m.machine.isRemoved()).isFalse();
    assertThat(m.acquire().error().code()).isEqualTo(ErrorCode.CLOSED);
  }

  @Test
  void adoption_isToldAndHasUntilTheStartTimeout() {
    MachineHarness m = machine(b -> b.startTimeout(Duration.ofSeconds(30)));
    Instance instance = m.adopt(100, 0);
    assertThat(m.timerIn()).isEqualTo(Duration.ofSeconds(30));
    assertThat(m.events(DeploymentEvent.InstanceStarting.class))
        .extracting(DeploymentEvent.InstanceStarting::reason)
        .containsExactly(StartReason.ADOPTED);
    assertThat(statuses(m)).containsExactly(DeploymentState.IDLE);
    Caller named = m.acquire(RouteRule.instance(instance.id));
    Caller any = m.acquire();

    m.passSeconds(29);
    assertThat(m.releases).isEmpty();
    m.passSeconds(1);

    assertThat(instance.releaseReason).isEqualTo(ReleaseReason.ORPHANED);
    assertThat(m.released()).containsExactly(instance);
    assertThat(named.error().code()).isEqualTo(ErrorCode.ROUTE_TARGET_NOT_FOUND);
    assertThat(any.isWaiting()).isTrue();
    assertThat(m.machine.startFailures()).isZero();
    assertThat(m.events(DeploymentEvent.InstanceStartFailed.class)).isEmpty();
  }

  @Test
  void adoptionGivenUp_startsAnotherAtOnceWhereThereIsRoom() {
    MachineHarness m = machine(b -> b.maxInstances(2).startTimeout(Duration.ofSeconds(30)));
    m.adopt(100, 0);
    m.acquire();
    assertThat(m.starts).isEmpty();
    m.passSeconds(30);
    assertThat(m.starts).hasSize(1);
  }

  @Test
  void adopted_keepsTheMomentWhenItBecameReadyAndIsNoStart() {
    List<UsageHistory> histories = new ArrayList<>();
    MachineHarness m = machine(remembering(histories), b -> b);
    Instance instance = m.adopt(100, 0);
    instance.readyAt = m.now() - 50;
    instance.idleSince = m.now() - 40;
    m.ready(instance);

    assertThat(instance.readyAt).isEqualTo(m.now() - 50);
    assertThat(instance.idleSince).isEqualTo(m.now() - 40);
    assertThat(histories.get(0).recentStartDurations()).isEmpty();
    Instance started = machine(b -> b).warm().starts.get(0);
    assertThat(started.readyAt).isNotEqualTo(NEVER);
  }

  // What is told and counted.

  @Test
  void countsAndLastFailure_areTold() {
    MachineHarness m = machine(b -> b.startBackoff(Duration.ofSeconds(10), Duration.ofMinutes(1)));
    assertThat(m.machine.backoff().until()).isEqualTo(Long.MIN_VALUE);
    m.acquire();
    m.startFails(m.starts.get(0));

    assertThat(m.machine.starts()).isEqualTo(1);
    assertThat(m.machine.startFailures()).isEqualTo(1);
    assertThat(m.machine.backoff().lastFailure().message()).isEqualTo("no such image");
    assertThat(m.machine.backoff().until()).isEqualTo(m.now() + Duration.ofSeconds(10).toNanos());
    DeploymentEvent.InstanceStartFailed told =
        m.events(DeploymentEvent.InstanceStartFailed.class).get(0);
    assertThat(told.retryAfter()).isEqualTo(Duration.ofSeconds(10));
    assertThat(told.failure()).isEqualTo(m.machine.backoff().lastFailure());
  }

  @Test
  void coldStart_isOneThatWaitedForTheStart_andWaitsAreAddedUp() {
    MachineHarness m = machine(b -> b.concurrency(1));
    Caller cold = m.acquire();
    m.passSeconds(3);
    m.ready(m.starts.get(0));
    Caller held = m.acquire();
    m.passSeconds(4);
    cold.close();

    assertThat(cold.grant.cold()).isTrue();
    assertThat(cold.grant.waitedNanos()).isEqualTo(Duration.ofSeconds(3).toNanos());
    assertThat(held.grant.cold()).isFalse();
    assertThat(held.grant.waitedNanos()).isEqualTo(Duration.ofSeconds(4).toNanos());
    assertThat(m.machine.coldStarts()).isEqualTo(1);
    assertThat(m.machine.pendingNanos()).isEqualTo(Duration.ofSeconds(7).toNanos());
    assertThat(m.machine.requests()).isEqualTo(2);
  }

  @Test
  void statusIsTold_onlyWhenItChanges() {
    MachineHarness m = machine(b -> b.maxInstances(2).concurrency(1));
    Caller first = m.acquire();
    m.ready(m.starts.get(0));
    Caller second = m.acquire();
    m.ready(m.starts.get(1));
    first.close();
    second.close();
    m.release();
    m.starts.forEach(m::released);

    assertThat(statuses(m))
        .containsExactly(
            DeploymentState.IDLE,
            DeploymentState.RUNNING,
            DeploymentState.IDLE,
            DeploymentState.STANDBY);
    assertThat(m.terminations).isZero();
  }

  @Test
  void drain_isToldOnceAndKeepsItsReason() {
    MachineHarness m = machine(b -> b).warm();
    Caller caller = m.acquire();
    m.update(b -> b.startCommand("other"));
    assertThat(statuses(m)).endsWith(DeploymentState.IDLE);
    m.release();

    DeploymentEvent.InstanceDraining told = m.events(DeploymentEvent.InstanceDraining.class).get(0);
    assertThat(m.events(DeploymentEvent.InstanceDraining.class)).hasSize(1);
    assertThat(told.reason()).isEqualTo(ReleaseReason.UPDATED);
    assertThat(told.inFlight()).isEqualTo(1);
    caller.close();
    assertThat(m.events(DeploymentEvent.InstanceReleasing.class))
        .extracting(DeploymentEvent.InstanceReleasing::reason)
        .containsExactly(ReleaseReason.UPDATED);
    assertThat(m.events(DeploymentEvent.Updated.class)).hasSize(1);
  }

  @Test
  void release_tellsHowLongItWasIdle() {
    MachineHarness m = machine(b -> b.startTimeout(Duration.ofSeconds(30))).warm();
    m.passSeconds(7);
    m.release();
    m.released(m.starts.get(0));
    m.acquire();
    m.passSeconds(30);

    assertThat(m.events(DeploymentEvent.InstanceReleasing.class))
        .extracting(DeploymentEvent.InstanceReleasing::idle)
        .containsExactly(Duration.ofSeconds(7), Duration.ZERO);
    assertThat(m.machine.backoff().lastFailure().message())
        .isEqualTo(
            "the instance was not ready within 30 s (startTimeout); it waited for its port to"
                + " accept connections");
  }

  @Test
  void exitWithOpenLease_endsBusyTime() {
    MachineHarness m = machine(b -> b).warm();
    m.passSeconds(5);
    m.acquire();
    m.passSeconds(10);
    Instance instance = m.starts.get(0);
    m.exits(instance);
    m.passSeconds(10);

    assertThat(instance.busyNanos(m.now())).isEqualTo(Duration.ofSeconds(10).toNanos());
    assertThat(m.events(DeploymentEvent.InstanceReleasing.class).get(0).idle()).isZero();
  }

  @Test
  void releaseAt_isOnlyOfAnIdleInstanceThatMayGo() {
    MachineHarness m = machine(b -> b);
    Caller caller = m.acquire();
    Instance instance = m.starts.get(0);
    assertThat(m.machine.releaseAt(instance)).isEqualTo(NEVER);
    m.ready(instance);
    assertThat(m.machine.releaseAt(instance)).isEqualTo(NEVER);
    m.passSeconds(3);
    caller.close();
    assertThat(m.machine.releaseAt(instance)).isEqualTo(m.now() + Duration.ofMinutes(5).toNanos());
    m.update(b -> b.minInstances(1));
    assertThat(m.machine.releaseAt(instance)).isEqualTo(NEVER);
  }

  // Gaps between requests.

  @Test
  void gap_beginsWhenTheLastOneGivesUp() {
    List<UsageHistory> histories = new ArrayList<>();
    MachineHarness m = machine(remembering(histories), b -> b).warm();
    m.release();
    Caller waiting = m.acquire();
    m.passSeconds(10);
    waiting.cancel();
    m.passSeconds(20);
    m.acquire();
    assertThat(lastGap(histories)).isEqualTo(Duration.ofSeconds(20));
  }

  @Test
  void gap_beginsWithALossAndWithAForcedRelease() {
    List<UsageHistory> histories = new ArrayList<>();
    MachineHarness m = machine(remembering(histories), b -> b).warm();
    m.acquire();
    m.exits(m.starts.get(0));
    m.passSeconds(30);
    m.acquire();
    assertThat(lastGap(histories)).isEqualTo(Duration.ofSeconds(30));
    m.released(m.starts.get(0));
    m.ready(m.starts.get(1));
    m.releaseNow();
    m.passSeconds(11);
    m.acquire();
    assertThat(lastGap(histories)).isEqualTo(Duration.ofSeconds(11));
  }

  @Test
  void gap_beginsWithARefusal_butNotWhileOthersAreServedOrWait() {
    List<UsageHistory> histories = new ArrayList<>();
    MachineHarness m = machine(remembering(histories), b -> b.concurrency(1)).warm();
    RouteRule nobody = RouteRule.instance("nobody");
    m.passSeconds(5);
    m.acquire(nobody);
    assertThat(lastGap(histories)).isEqualTo(Duration.ofSeconds(5));
    m.passSeconds(7);
    Caller served = m.acquire();
    assertThat(lastGap(histories)).isEqualTo(Duration.ofSeconds(7));
    m.passSeconds(1);
    m.acquire(nobody);
    m.passSeconds(1);
    served.close();
    m.passSeconds(3);
    m.release();
    m.passSeconds(3);
    Caller waits = m.acquire();
    assertThat(lastGap(histories)).isEqualTo(Duration.ofSeconds(6));
    m.passSeconds(1);
    m.acquire(nobody);
    m.passSeconds(1);
    waits.cancel();
    m.passSeconds(4);
    m.acquire();
    assertThat(lastGap(histories)).isEqualTo(Duration.ofSeconds(4));
  }

  @Test
  void gap_isNotCutByWhatHappensMeanwhile() {
    List<UsageHistory> histories = new ArrayList<>();
    MachineHarness m = machine(remembering(histories), b -> b).warm();
    m.passSeconds(5);
    m.exits(m.starts.get(0));
    m.passSeconds(4);
    m.acquire();
    assertThat(lastGap(histories)).isEqualTo(Duration.ofSeconds(9));
  }

  // Those who wait for one instance.

  @Test
  void drained_letsItsWaitersHaveAnother_unlessTheyNamedIt() {
    MachineHarness m = machine(b -> b.maxInstances(2).concurrency(1)).warm();
    m.acquire();
    Caller turn = m.acquire(RouteRule.roundRobin());
    Caller named = m.acquire(RouteRule.instance(m.starts.get(0).id));

    assertThat(m.release()).containsExactly(m.starts.get(0));

    assertThat(named.error().code()).isEqualTo(ErrorCode.ROUTE_TARGET_NOT_FOUND);
    assertThat(turn.isWaiting()).isTrue();
    assertThat(m.starts).hasSize(2);
    m.ready(m.starts.get(1));
    assertThat(turn.instance()).isSameAs(m.starts.get(1));
  }

  @Test
  void dead_letsItsWaitersHaveTheRoomOfAnother() {
    MachineHarness m = machine(b -> b.maxInstances(2).concurrency(1));
    Caller first = m.acquire();
    m.ready(m.starts.get(0));
    Caller second = m.acquire();
    m.ready(m.starts.get(1));
    Caller turn = m.acquire(RouteRule.roundRobin());
    Instance target = turn.target;
    (target == m.starts.get(0) ? second : first).close();
    assertThat(turn.isWaiting()).isTrue();

    m.exits(target);

    assertThat(turn.instance()).isNotSameAs(target);
  }

  @Test
  void dead_isReplacedAtOnceForThoseWhoWaitedForIt() {
    MachineHarness m = machine(b -> b.maxInstances(2).concurrency(1)).warm();
    m.acquire();
    m.acquire(RouteRule.roundRobin());
    m.exits(m.starts.get(0));
    assertThat(m.starts).hasSize(2);
  }

  @Test
  void startCancelledByUpdate_rejectsCallersThatNamedIt() {
    MachineHarness m = machine(b -> b);
    m.acquire();
    Caller named = m.acquire(RouteRule.instance(m.starts.get(0).id));
    m.update(b -> b.startCommand("other"));
    assertThat(named.error().code()).isEqualTo(ErrorCode.ROUTE_TARGET_NOT_FOUND);
  }

  @Test
  void release_leavesAnInstanceThatStartsForAScaleOut() {
    MachineHarness m = machine(b -> b);
    Caller caller = m.acquire(RouteRule.scaleOut());
    assertThat(m.release()).isEmpty();
    m.ready(m.starts.get(0));
    assertThat(caller.instance()).isSameAs(m.starts.get(0));
  }

  @Test
  void release_drainsAReadyInstanceAlthoughSomebodyWaits() {
    MachineHarness m = machine(b -> b.concurrency(1)).warm();
    m.acquire();
    m.acquire();
    assertThat(m.release()).containsExactly(m.starts.get(0));
    assertThat(m.count(InstancePhase.DRAINING)).isEqualTo(1);
  }

  @Test
  void randomRule_ignoresRoundRobinOrder() {
    MachineHarness m = machine(b -> b.maxInstances(2).concurrency(1));
    m.acquire();
    m.ready(m.starts.get(0));
    m.acquire();
    m.ready(m.starts.get(1));
    m.update(b -> b.maxInstances(2).concurrency(100));
    int repeated = 0;
    Instance last = null;
    for (int i = 0; i < 40; i++) {
      Instance next = m.acquire(RouteRule.random()).instance();
      repeated += next == last ? 1 : 0;
      last = next;
    }
    assertThat(repeated).isBetween(5, 35);
  }

  // Failures.

  @Test
  void scaleOut_whileBackingOff_isRefusedWithTheCause() {
    MachineHarness m = machine(b -> b.maxInstances(3)).warm();
    m.acquire(RouteRule.scaleOut());
    m.startFails(m.starts.get(1));
    Caller next = m.acquire(RouteRule.scaleOut());
    assertThat(next.error().code()).isEqualTo(ErrorCode.START_FAILED);
    assertThat(m.starts).hasSize(2);
  }

  @Test
  void acquire_whileBackingOffBesideAnInstanceThatServes_waits() {
    MachineHarness m = machine(b -> b.maxInstances(2).concurrency(1)).warm();
    Caller busy = m.acquire();
    m.acquire(RouteRule.scaleOut());
    m.startFails(m.starts.get(1));
    Caller waits = m.acquire();
    assertThat(waits.isWaiting()).isTrue();
    busy.close();
    assertThat(waits.instance()).isSameAs(m.starts.get(0));
  }

  @Test
  void failureOfAStart_thatIsNoStartAnyMore_isIgnored() {
    MachineHarness m = machine(b -> b).warm();
    m.startFails(m.starts.get(0));
    assertThat(m.releases).isEmpty();
    m.release();
    m.startFails(m.starts.get(0));
    assertThat(m.machine.startFailures()).isZero();
    assertThat(m.releases).hasSize(1);
  }

  @Test
  void failedRelease_isTriedAgainNotBeforeItsTimeAndToldOnce() {
    MachineHarness m = machine(b -> b).warm();
    m.release();
    Instance instance = m.starts.get(0);
    m.releaseFails(instance);
    m.releaseFails(instance);
    assertThat(m.events(DeploymentEvent.InstanceReleaseFailed.class)).hasSize(1);

    m.pass(Duration.ofSeconds(1).minusNanos(1));
    assertThat(m.releases).hasSize(1);
    m.pass(Duration.ofNanos(1));
    assertThat(m.releases).hasSize(2);
    m.released(instance);
    m.releaseFails(instance);
    assertThat(m.events(DeploymentEvent.InstanceReleaseFailed.class)).hasSize(1);
  }

  @Test
  void forcedRelease_ofWhatIsReleased_isNoSecondRelease() {
    MachineHarness m = machine(b -> b).warm();
    m.release();
    assertThat(m.releaseNow()).containsExactly(m.starts.get(0));
    assertThat(m.events(DeploymentEvent.InstanceReleasing.class)).hasSize(1);
    assertThat(m.losses).isEmpty();
  }

  @Test
  void forcedRelease_refusesThoseWhoWaitAndStartsNothingForThem() {
    MachineHarness m = machine(b -> b.maxInstances(2).minInstances(1));
    m.open();
    m.releaseNow();
    assertThat(m.starts).hasSize(2); // the minimum is kept
  }

  // Updates, close and small things.

  @Test
  void update_thatLowersTheMaximum_drainsOnlyWhatServesAndOnlyTheExcess() {
    MachineHarness m = machine(b -> b.maxInstances(4).concurrency(1));
    m.acquire();
    m.ready(m.starts.get(0));
    for (int i = 1; i < 4; i++) {
      m.acquire(RouteRule.scaleOut());
    }
    m.ready(m.starts.get(1));
    m.ready(m.starts.get(3));
    m.exits(m.starts.get(3));

    m.update(b -> b.maxInstances(2).concurrency(1));

    assertThat(m.starts.get(0).phase()).isEqualTo(InstancePhase.READY);
    assertThat(m.starts.get(1).phase()).isEqualTo(InstancePhase.READY);
    assertThat(m.released()).containsExactly(m.starts.get(3), m.starts.get(2));
  }

  @Test
  void update_thatMakesRoom_servesThoseWhoWaitForOneInstance() {
    MachineHarness m = machine(b -> b.concurrency(1)).warm();
    m.acquire();
    Caller turn = m.acquire(RouteRule.roundRobin());
    m.update(b -> b.concurrency(2));
    assertThat(turn.instance()).isSameAs(m.starts.get(0));
  }

  @Test
  void update_thatMakesRoom_servesThoseWhoWaitAtOnce() {
    MachineHarness m = machine(b -> b.concurrency(1)).warm();
    m.acquire();
    Caller turn = m.acquire(RouteRule.roundRobin());
    Caller any = m.acquire();
    m.update(b -> b.concurrency(2));
    assertThat(turn.instance()).isSameAs(m.starts.get(0));
    assertThat(m.starts).hasSize(1);
    m.update(b -> b.concurrency(2).maxInstances(2));
    assertThat(m.starts).hasSize(2);
    assertThat(any.isWaiting()).isTrue();
  }

  @Test
  void policy_isNotAskedOfABusyInstance() {
    List<UsageHistory> asked = new ArrayList<>();
    MachineHarness m = machine(remembering(asked), b -> b).warm();
    Caller first = m.acquire();
    Caller second = m.acquire();
    int before = asked.size();
    first.close();
    m.update(b -> b.description("other"));
    assertThat(asked).hasSize(before);
    second.close();
    assertThat(asked).hasSize(before + 1);
  }

  @Test
  void reservation_needsExactlyOneLeaseOfAReadyInstance() {
    MachineHarness m = machine(b -> b).warm();
    Instance instance = m.starts.get(0);
    assertThat(m.reserve(instance, true)).isFalse();
    m.acquire();
    assertThat(m.reserve(instance, true)).isTrue();
    assertThat(m.reserve(instance, true)).isFalse();
    assertThat(m.reserve(instance, false)).isTrue();
    assertThat(instance.reserved).isFalse();
    m.release();
    assertThat(m.reserve(instance, true)).isFalse();
    assertThat(m.reserve(instance, false)).isTrue();
  }

  @Test
  void close_ofNothing_endsAtOnce() {
    MachineHarness m = machine(b -> b);
    m.close(Duration.ZERO, false);
    assertThat(m.terminations).isEqualTo(1);
  }

  @Test
  void close_thatLeaves_endsWhenAllAreLeft_andReleasesWhatWasDraining() {
    MachineHarness m = machine(b -> b.maxInstances(2)).warm();
    Caller caller = m.acquire();
    m.release();
    m.acquire(RouteRule.scaleOut());
    m.ready(m.starts.get(1));
    m.close(Duration.ofSeconds(60), true);
    caller.close();

    assertThat(m.released()).containsExactly(m.starts.get(0));
    m.passSeconds(10);
    m.fire(); // too early
    assertThat(m.losses).isEmpty();
    m.passSeconds(50);
    assertThat(m.detached).containsExactly(m.starts.get(1));
    m.released(m.starts.get(0));
    assertThat(m.terminations).isZero();
    m.left(m.starts.get(1));
    assertThat(m.terminations).isEqualTo(1);
    assertThat(m.machine.instances()).isEmpty();
  }

  private static boolean reopen(MachineHarness m) {
    dev.autodeploy.DeploymentSpec spec = MachineHarness.spec(b -> b.description("anew"));
    boolean reopened = m.machine.reopen(m.now(), spec, SpecFingerprint.of(spec));
    m.fire();
    return reopened;
  }

  private static ProviderInstance found(String fingerprint, int slot, @Nullable InstanceExit exit) {
    return ProviderInstance.builder("old-9", "voice", Instant.EPOCH)
        .slot(slot)
        .fingerprint(fingerprint)
        .exit(exit)
        .build();
  }

  private static Instance orphan(MachineHarness m, int slot) {
    return new Instance(
        "old-" + slot,
        slot,
        StartReason.ADOPTED,
        m.machine.spec(),
        "other",
        GpuRequest.none(),
        null,
        m.now(),
        NEVER);
  }

  private static IdlePolicy remembering(List<UsageHistory> histories) {
    return history -> {
      histories.add(history);
      return Optional.of(Duration.ofMinutes(5));
    };
  }

  private static Duration lastGap(List<UsageHistory> histories) {
    List<Duration> gaps = histories.get(0).recentGaps();
    return gaps.get(gaps.size() - 1);
  }

  private static List<DeploymentState> statuses(MachineHarness m) {
    return m.events(DeploymentEvent.StatusChanged.class).stream()
        .map(DeploymentEvent.StatusChanged::to)
        .toList();
  }
}
