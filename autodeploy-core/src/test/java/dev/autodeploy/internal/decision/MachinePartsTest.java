package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.StartFailure;
import dev.autodeploy.StartReason;
import dev.autodeploy.spi.IdlePolicy;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The parts that the machine decides with, each by itself. */
final class MachinePartsTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration MINUTE = Duration.ofMinutes(1);

  @Test
  void backoff_holdsUpToItsEndAndNotAtIt() {
    StartBackoff backoff = new StartBackoff();
    assertThat(backoff.nextAttempt()).isEqualTo(1);
    assertThat(backoff.holds(Long.MIN_VALUE)).isFalse();

    assertThat(backoff.failed(100, failure(), SECOND, MINUTE)).isEqualTo(SECOND);

    assertThat(backoff.until()).isEqualTo(100 + SECOND.toNanos());
    assertThat(backoff.holds(backoff.until() - 1)).isTrue();
    assertThat(backoff.holds(backoff.until())).isFalse();
    assertThat(backoff.nextAttempt()).isEqualTo(2);
    assertThat(backoff.failed(200, failure(), SECOND, MINUTE)).isEqualTo(SECOND.multipliedBy(2));
    backoff.reset();
    assertThat(backoff.nextAttempt()).isEqualTo(1);
    assertThat(backoff.until()).isEqualTo(Long.MIN_VALUE);
    assertThat(backoff.lastFailure()).isNull();
  }

  @Test
  void doubling_beginsAtTheFirstAndEndsAtTheLast() {
    assertThat(StartBackoff.doubled(SECOND, MINUTE, 0)).isEqualTo(SECOND);
    assertThat(StartBackoff.doubled(SECOND, MINUTE, 1)).isEqualTo(SECOND);
    assertThat(StartBackoff.doubled(SECOND, MINUTE, 3)).isEqualTo(Duration.ofSeconds(4));
    assertThat(StartBackoff.doubled(SECOND, MINUTE, 7)).isEqualTo(MINUTE);
    assertThat(StartBackoff.doubled(Duration.ofNanos(1), Duration.ofDays(1), 1000))
        .isEqualTo(Duration.ofNanos(1L << 30));
  }

  @Test
  void leastLoaded_isTheOldestOfThoseThatServeTheFewest() {
    Instances roster = new Instances();
    Instance first = ready(0, 2);
    Instance second = ready(1, 1);
    Instance third = ready(2, 1);
    List.of(first, second, third).forEach(roster::add);

    assertThat(roster.leastLoaded()).isSameAs(second);
    second.inFlight = 4;
    assertThat(roster.leastLoaded()).isSameAs(third);
    third.inFlight = 4;
    assertThat(roster.leastLoaded()).isSameAs(first);
    first.inFlight = 4;
    assertThat(roster.leastLoaded()).isNull();
  }

  @Test
  void choice_isOfReadyInstancesOnly_thoseWithRoomFirst() {
    Instances roster = new Instances();
    Instance starting = instance(0);
    Instance full = ready(1, 4);
    Instance free = ready(2, 0);
    List.of(starting, full, free).forEach(roster::add);

    assertThat(roster.readyOnesThatTakeMore()).containsExactly(free);
    roster.remove(free);
    assertThat(roster.readyOnesThatTakeMore()).containsExactly(full);
    roster.remove(full);
    assertThat(roster.readyOnesThatTakeMore()).isEmpty();
  }

  @Test
  void roomToCome_isThatOfStartingInstancesLessWhatIsSpokenFor() {
    Instances roster = new Instances();
    Instance starting = instance(0);
    roster.add(starting);
    roster.add(ready(1, 0));
    assertThat(roster.requestsToCome()).isEqualTo(4);
    WaitQueue queue = new WaitQueue();
    for (int i = 1; i <= 3; i++) {
      queue.add(waiter(i), starting);
    }
    assertThat(roster.requestsToCome()).isEqualTo(1);
    queue.add(waiter(4), starting);
    queue.add(waiter(5), starting);
    assertThat(roster.requestsToCome()).isZero();
  }

  @Test
  void slots_areTheLowestFree() {
    Instances roster = new Instances();
    roster.add(instance(0));
    roster.add(instance(2));
    assertThat(roster.freeSlot()).isEqualTo(1);
    assertThat(roster.isTaken(2)).isTrue();
    assertThat(roster.isTaken(1)).isFalse();
  }

  @Test
  void queue_saysWhoDidWait() {
    WaitQueue queue = new WaitQueue();
    Waiter waiter = waiter(1);
    assertThat(queue.remove(waiter)).isFalse();
    queue.add(waiter, null);
    assertThat(queue.remove(waiter)).isTrue();
    assertThat(queue.remove(waiter)).isFalse();
    assertThat(queue.earliestDeadline()).isEqualTo(NEVER);
  }

  @Test
  void queue_unbinds_toThePlaceThatTheWaiterHadAllAlong() {
    WaitQueue queue = new WaitQueue();
    Instance instance = ready(0, 0);
    Waiter bound = waiter(1);
    Waiter any = waiter(2);
    queue.add(any, null);
    queue.add(bound, instance);
    assertThat(queue.sizeForAny()).isEqualTo(1);

    queue.unbind(bound);

    assertThat(instance.bound).isEmpty();
    assertThat(bound.target).isNull();
    assertThat(queue.forAny()).containsExactly(bound, any);
    assertThat(queue.next(instance)).isSameAs(bound);
  }

  @Test
  void expired_areThoseAtTheirDeadlineOrPastIt() {
    WaitQueue queue = new WaitQueue();
    Waiter early = waiter(5);
    Waiter late = waiter(6);
    queue.add(late, null);
    queue.add(early, null);

    assertThat(queue.expired(early.deadline - 1)).isEmpty();
    assertThat(queue.expired(early.deadline)).containsExactly(early);
    assertThat(queue.expired(late.deadline)).containsExactly(early, late);
    assertThat(queue.earliestDeadline()).isEqualTo(early.deadline);
  }

  @Test
  void idleTimeout_upToACenturyIsKept_andNeverBeyond() {
    Duration century = Duration.ofDays(36_500);
    DeploymentSpec spec = spec();
    assertThat(timeouts(Optional.of(century)).ask(spec)).isEqualTo(century.toNanos());
    assertThat(timeouts(Optional.of(century.plusNanos(1))).ask(spec)).isEqualTo(NEVER);
    assertThat(timeouts(Optional.empty()).ask(spec)).isEqualTo(NEVER);
    assertThat(timeouts(Optional.of(Duration.ZERO)).ask(spec)).isZero();
    assertThat(timeouts(Optional.of(Duration.ofNanos(-1))).ask(spec))
        .isEqualTo(IdlePolicy.DEFAULT_TIMEOUT.toNanos());
  }

  @Test
  void idleTimeout_ofTheDeploymentsOwn_goesFirstAndIsToldTheDeployment() {
    IdlePolicy own =
        h -> Optional.of(h.deployment().equals("voice") ? Duration.ofNanos(3) : Duration.ZERO);
    DeploymentSpec spec = DeploymentSpec.builder("voice").port(1).idlePolicy(own).build();
    assertThat(timeouts(Optional.of(MINUTE)).ask(spec)).isEqualTo(3);
  }

  @Test
  void instance_isPaidOnceTheProviderWasAsked() {
    Instance instance = instance(0);
    assertThat(instance.isStartAsked()).isFalse();
    instance.startAsked = true;
    assertThat(instance.isStartAsked()).isTrue();
  }

  @Test
  void instance_isBusyUpToNow() {
    Instance instance = ready(0, 1);
    instance.busyNanos = 10;
    assertThat(instance.busyNanos(100)).isEqualTo(10);
    instance.busySince = 70;
    assertThat(instance.busyNanos(100)).isEqualTo(40);
  }

  @Test
  void instance_isDueItsTimeoutAfterItBecameIdle() {
    Instance instance = ready(0, 0);
    assertThat(instance.idleDue()).isEqualTo(NEVER);
    instance.idleTimeout = 5;
    assertThat(instance.idleDue()).isEqualTo(NEVER);
    instance.idleSince = 7;
    assertThat(instance.idleDue()).isEqualTo(12);
    instance.idleTimeout = NEVER;
    assertThat(instance.idleDue()).isEqualTo(NEVER);
  }

  @Test
  void instance_hasRoomIfReadyAndNotReservedAndNotFull() {
    Instance instance = ready(0, 3);
    assertThat(instance.takesMore()).isTrue();
    instance.inFlight = 4;
    assertThat(instance.takesMore()).isFalse();
    instance.inFlight = 0;
    instance.reserved = true;
    assertThat(instance.takesMore()).isFalse();
    instance.reserved = false;
    instance.to(InstancePhase.DRAINING);
    assertThat(instance.takesMore()).isFalse();
  }

  @Test
  void timedOut_tellsHowThingsStand() {
    Instances roster = new Instances();
    Instance draining = instance(2);
    draining.to(InstancePhase.DRAINING);
    Instance releasing = instance(3);
    releasing.to(InstancePhase.RELEASING);
    List.of(instance(0), ready(1, 0), draining, releasing).forEach(roster::add);
    Rejections refusals = new Rejections("voice");
    DeploymentSpec unlimited = DeploymentSpec.builder("voice").port(1).build();

    assertThat(refusals.timedOut(2_000_007, waiter(7), roster, spec(), 9, null))
        .hasMessageContaining("2 ms")
        .hasMessageContaining(
            "1 starting, 1 ready (concurrency 4), 1 draining, 1 releasing, of at most 8")
        .hasMessageContaining("requests in flight: 9");
    assertThat(refusals.timedOut(2_000_007, waiter(7), roster, unlimited, 9, null))
        .hasMessageContaining("(concurrency unlimited)");
  }

  @Test
  void failedStart_tellsTheTimeLeft_neverANegativeOne() {
    StartBackoff backoff = new StartBackoff();
    backoff.failed(0, failure(), SECOND, MINUTE);
    Rejections refusals = new Rejections("voice");
    assertThat(refusals.startFailed(1_000_000, backoff))
        .extracting("retryAfter")
        .isEqualTo(Duration.ofMillis(999));
    assertThat(refusals.startFailed(MINUTE.toNanos(), backoff))
        .extracting("retryAfter")
        .isEqualTo(Duration.ZERO);
  }

  private static StartFailure failure() {
    return StartFailure.builder("i-1", StartFailure.Kind.TIMEOUT, "no answer")
        .elapsed(SECOND)
        .build();
  }

  private static IdleTimeouts timeouts(Optional<Duration> answer) {
    return new IdleTimeouts(h -> answer, new RecentUsage("voice"));
  }

  private static DeploymentSpec spec() {
    return DeploymentSpec.builder("voice").port(1).concurrency(4).maxInstances(8).build();
  }

  private static Instance instance(int slot) {
    return new Instance(
        "i-" + slot, slot, StartReason.REQUEST, spec(), "f", spec().gpu(), null, 0, NEVER);
  }

  private static Instance ready(int slot, int inFlight) {
    Instance instance = instance(slot);
    instance.to(InstancePhase.READY);
    instance.inFlight = inFlight;
    return instance;
  }

  private static Waiter waiter(long number) {
    Waiter waiter =
        new Waiter(AcquireRequest.within(AcquireRequest.DEFAULT_TIMEOUT), number, 100 + number) {
          @Override
          public void granted(Instance instance, Arrival arrival, long waitedNanos) {}

          @Override
          public void rejected(AutoDeployException error) {}
        };
    waiter.number = number;
    return waiter;
  }
}
