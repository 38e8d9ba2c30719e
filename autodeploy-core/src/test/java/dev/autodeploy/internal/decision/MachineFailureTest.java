package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.MachineHarness.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.FailureCause;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.RouteRule;
import dev.autodeploy.StartFailedException;
import dev.autodeploy.StartFailure;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import dev.autodeploy.spi.InstanceExit;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A failed start answers all who wait for it; then starts are held back. */
final class MachineFailureTest {
  private static MachineHarness quick() {
    return machine(b -> b.startBackoff(Duration.ofSeconds(2), Duration.ofSeconds(10)));
  }

  private static StartFailedException failure(Caller caller) {
    AutoDeployException error = caller.error();
    assertThat(error).isInstanceOf(StartFailedException.class);
    return (StartFailedException) error;
  }

  @Test
  void failedStart_answersAllWithOneCause() {
    MachineHarness m = quick();
    List<Caller> callers = m.acquire(500);
    m.passSeconds(3);

    m.exits(m.starts.get(0));

    assertThat(callers)
        .allSatisfy(
            c -> {
              StartFailure failure = failure(c).failure();
              assertThat(failure.kind()).isEqualTo(StartFailure.Kind.EXITED);
              assertThat(failure.exit()).isEqualTo(MachineHarness.exit(137));
              assertThat(failure.elapsed()).isEqualTo(Duration.ofSeconds(3));
              assertThat(failure(c).retryAfter()).isEqualTo(Duration.ofSeconds(2));
            });
    assertThat(m.starts).hasSize(1);
    assertThat(m.released()).containsExactly(m.starts.get(0));
    assertThat(m.starts.get(0).releaseReason).isEqualTo(ReleaseReason.START_FAILED);
  }

  @Test
  void acquire_whileBackingOff_failsAtOnceWithTheSameCauseAndTheTimeLeft() {
    MachineHarness m = quick();
    Caller first = m.acquire();
    m.startFails(m.starts.get(0));
    m.released(m.starts.get(0));
    m.pass(Duration.ofMillis(500));

    Caller second = m.acquire();

    assertThat(failure(second).failure()).isSameAs(failure(first).failure());
    assertThat(failure(second).retryAfter()).isEqualTo(Duration.ofMillis(1500));
    assertThat(m.starts).hasSize(1);
  }

  @Test
  void acquire_afterTheBackOff_startsAgain() {
    MachineHarness m = quick();
    m.acquire();
    m.startFails(m.starts.get(0));
    m.released(m.starts.get(0));
    m.passSeconds(2);

    assertThat(m.acquire().isWaiting()).isTrue();
    assertThat(m.starts).hasSize(2);
  }

  @Test
  void backOff_doublesUpToItsMaximumAndEndsWithSuccess() {
    MachineHarness m = quick();
    List<Duration> waits = new java.util.ArrayList<>();
    for (int i = 0; i < 5; i++) {
      Caller caller = m.acquire();
      m.startFails(m.starts.get(i));
      m.released(m.starts.get(i));
      waits.add(failure(caller).retryAfter());
      m.pass(failure(caller).retryAfter());
    }
    assertThat(waits).extracting(Duration::toSeconds).containsExactly(2L, 4L, 8L, 10L, 10L);

    Caller caller = m.acquire();
    m.ready(m.starts.get(5));
    assertThat(caller.instance()).isNotNull();
    assertThat(m.machine.backoff().lastFailure()).isNull();
    m.exits(m.starts.get(5));
    m.released(m.starts.get(5));
    Caller next = m.acquire();
    m.startFails(m.starts.get(6));
    assertThat(failure(next).retryAfter()).isEqualTo(Duration.ofSeconds(2));
    assertThat(failure(next).failure().attempts()).isEqualTo(1);
  }

  @Test
  void backOff_ofManyFailures_doesNotOverflow() {
    MachineHarness m = machine(b -> b.startBackoff(Duration.ofHours(1), Duration.ofHours(24)));
    for (int i = 0; i < 100; i++) {
      m.acquire();
      m.startFails(m.starts.get(i));
      m.released(m.starts.get(i));
      m.pass(Duration.ofHours(24));
    }
    assertThat(m.machine.startFailures()).isEqualTo(100);
  }

  @Test
  void start_thatTakesTooLong_failsWithTheLastProbe() {
    MachineHarness m = machine(b -> b.startTimeout(Duration.ofSeconds(30)));
    Caller caller = m.acquire();
    m.machine.probed(m.starts.get(0), "Connection refused", List.of("Loading weights"));

    m.passSeconds(30);

    StartFailure failure = failure(caller).failure();
    assertThat(failure.kind()).isEqualTo(StartFailure.Kind.TIMEOUT);
    assertThat(failure.cause()).isEqualTo(FailureCause.NOTHING_LISTENS);
    assertThat(failure.lastProbe()).isEqualTo("Connection refused");
    assertThat(failure.logTail()).containsExactly("Loading weights");
    assertThat(failure.message())
        .isEqualTo(
            "the instance was not ready within 30 s (startTimeout); it waited for its port to"
                + " accept connections; the last probe said: Connection refused; it wrote last:"
                + " 'Loading weights'; if it only needs longer, raise startTimeout");
    assertThat(m.releases).hasSize(1);
  }

  @Test
  void instanceThatEnds_isOneKindOfFailure_howeverFastThatIsNoticed() {
    for (boolean soon : new boolean[] {true, false}) {
      MachineHarness m = machine(b -> b);
      Caller caller = m.acquire();
      InstanceExit gone = InstanceExit.unknown("its container was removed by somebody else");
      if (soon) {
        m.startFails(m.starts.get(0), gone);
      } else {
        m.exits(m.starts.get(0), gone);
      }

      assertThat(failure(caller).failure().kind()).isEqualTo(StartFailure.Kind.EXITED);
    }
  }

  @Test
  void status_keepsTheFailureAndItsTime_untilAStartSucceeds() {
    MachineHarness m = machine(b -> b);
    m.acquire();
    m.startFails(m.starts.get(0));
    m.released(m.starts.get(0));
    long failedAt = m.now();
    m.passSeconds(600);
    assertThat(m.machine.backoff().lastFailure()).isNotNull();
    assertThat(m.machine.backoff().lastFailureAt()).isEqualTo(failedAt);

    m.acquire();
    m.ready(m.starts.get(1));

    assertThat(m.machine.backoff().lastFailure()).isNull();
  }

  @Test
  void failedScaleOut_answersOnlyThoseWhoCannotBeServedOtherwise() {
    MachineHarness m = machine(b -> b.concurrency(1).maxInstances(3)).warm();
    Caller busy = m.acquire();
    Caller waiting = m.acquire();
    Caller scaleOut = m.acquire(RouteRule.scaleOut());

    m.startFails(m.starts.get(2));
    assertThat(failure(scaleOut)).isNotNull();
    m.startFails(m.starts.get(1));

    assertThat(waiting.isWaiting()).isTrue();
    busy.close();
    assertThat(waiting.instance()).isSameAs(m.starts.get(0));
  }

  @Test
  void failedDemand_isTriedAgainAfterTheBackOffWhileSomebodyWaits() {
    MachineHarness m = machine(b -> b.concurrency(1).maxInstances(2)).warm();
    m.acquire();
    Caller waiting = m.acquire();
    m.startFails(m.starts.get(1));
    m.released(m.starts.get(1));
    assertThat(m.starts).hasSize(2);

    m.passSeconds(1);

    assertThat(m.starts).hasSize(3);
    m.ready(m.starts.get(2));
    assertThat(waiting.instance()).isSameAs(m.starts.get(2));
  }

  @Test
  void failedMinimum_isTriedAgainAfterTheBackOff() {
    MachineHarness m =
        machine(b -> b.minInstances(1).startBackoff(Duration.ofSeconds(5), Duration.ofMinutes(1)));
    m.open();
    m.startFails(m.starts.get(0));
    m.released(m.starts.get(0));

    m.pass(Duration.ofMillis(4999));
    assertThat(m.starts).hasSize(1);
    m.pass(Duration.ofMillis(1));
    assertThat(m.starts).hasSize(2);
  }

  @Test
  void retry_waitsUntilTheFailedInstanceIsGone() {
    MachineHarness m = quick();
    m.acquire();
    m.startFails(m.starts.get(0));
    m.passSeconds(5);

    Caller caller = m.acquire();

    assertThat(caller.isWaiting()).isTrue();
    assertThat(m.starts).hasSize(1);
    m.released(m.starts.get(0));
    assertThat(m.starts).hasSize(2);
  }

  @Test
  void deathUnderLeases_losesThemAndServesTheWaitersElsewhere() {
    MachineHarness m = machine(b -> b.concurrency(2).maxInstances(1)).warm();
    List<Caller> holders = m.acquire(2);
    Caller waiting = m.acquire();

    m.exits(m.starts.get(0));

    assertThat(m.losses).containsExactly(m.starts.get(0));
    assertThat(m.machine.inFlight()).isZero();
    assertThat(m.events(DeploymentEvent.InstanceExited.class).get(0).leasesLost()).isEqualTo(2);
    holders.forEach(Caller::close);
    assertThat(m.machine.inFlight()).isZero();
    m.released(m.starts.get(0));
    m.ready(m.starts.get(1));
    assertThat(waiting.instance()).isSameAs(m.starts.get(1));
  }

  @Test
  void leaseOfADeadInstance_closedAfterItIsGone_changesNothing() {
    MachineHarness m = machine(b -> b).warm();
    Caller holder = m.acquire();
    m.exits(m.starts.get(0));
    m.released(m.starts.get(0));
    Caller next = m.acquire();
    m.ready(m.starts.get(1));

    holder.close();

    assertThat(m.machine.inFlight()).isEqualTo(1);
    next.close();
    assertThat(m.machine.inFlight()).isZero();
  }

  @Test
  void exit_whileReleasing_isExpected() {
    MachineHarness m = machine(b -> b).warm();
    m.passSeconds(300);

    m.exits(m.starts.get(0));

    assertThat(m.events(DeploymentEvent.InstanceExited.class)).isEmpty();
    assertThat(m.releases).hasSize(1);
  }

  @Test
  void exit_toldTwice_countsOnce() {
    MachineHarness m = machine(b -> b).warm();
    m.acquire();
    m.exits(m.starts.get(0));
    m.exits(m.starts.get(0));

    assertThat(m.machine.inFlight()).isZero();
    assertThat(m.releases).hasSize(1);
  }

  @Test
  void waitersOfADeadInstance_keepTheirPlaceInTheQueue() {
    MachineHarness m = machine(b -> b.concurrency(1).maxInstances(1)).warm();
    m.acquire();
    Caller bound = m.acquire(RouteRule.roundRobin());
    m.passSeconds(1);
    Caller later = m.acquire();
    m.exits(m.starts.get(0));
    m.released(m.starts.get(0));

    m.ready(m.starts.get(1));

    assertThat(bound.instance()).isSameAs(m.starts.get(1));
    assertThat(later.isWaiting()).isTrue();
  }

  @Test
  void namedInstance_thatDies_isNotFoundForThoseWhoWait() {
    MachineHarness m = machine(b -> b.concurrency(1)).warm();
    m.acquire();
    Caller named = m.acquire(RouteRule.instance("voice-1"));

    m.exits(m.starts.get(0));

    assertThat(named.error().code()).isEqualTo(ErrorCode.ROUTE_TARGET_NOT_FOUND);
    assertThat(m.starts).hasSize(1);
  }

  @Test
  void failedRelease_isTriedAgainWithPatience() {
    MachineHarness m = machine(b -> b).warm();
    m.passSeconds(300);
    Instance instance = m.starts.get(0);
    List<Long> waits = new java.util.ArrayList<>();
    for (int i = 0; i < 7; i++) {
      m.releaseFails(instance);
      List<DeploymentEvent.InstanceReleaseFailed> told =
          m.events(DeploymentEvent.InstanceReleaseFailed.class);
      waits.add(told.get(told.size() - 1).retryAfter().toSeconds());
      m.passSeconds(30);
    }
    assertThat(waits).containsExactly(1L, 2L, 4L, 8L, 16L, 30L, 30L);
    assertThat(m.releases).hasSize(8);
    assertThat(m.count(InstancePhase.RELEASING)).isEqualTo(1);
    m.released(instance);
    assertThat(m.machine.instances()).isEmpty();
  }

  @Test
  void failedRelease_whileSomebodyWaits_isTriedAgainSoon() {
    MachineHarness m = machine(b -> b).warm();
    Instance instance = m.starts.get(0);
    m.release();
    for (int i = 0; i < 5; i++) {
      m.releaseFails(instance);
      m.passSeconds(16);
    }
    m.releaseFails(instance);
    int before = m.releases.size();

    m.acquire();
    m.passSeconds(2);
    assertThat(m.releases).as("not only after 30 seconds").hasSize(before + 1);
    m.releaseFails(instance);
    m.passSeconds(2);
    assertThat(m.releases).as("and again").hasSize(before + 2);

    m.released(instance);
    assertThat(m.starts).as("the waiter's instance").hasSize(2);
  }

  @Test
  void adoptedInstance_continuesItsIdleClock() {
    MachineHarness m = machine(b -> b);
    Instance old = m.adopt(1000, 0);
    old.readyAt = m.now() - Duration.ofMinutes(15).toNanos();
    old.idleSince = m.now() - Duration.ofSeconds(200).toNanos();

    m.ready(old);
    m.passSeconds(99);
    assertThat(m.releases).isEmpty();
    m.passSeconds(1);
    assertThat(m.released()).containsExactly(old);
  }

  @Test
  void adoptedInstance_servesWhoCameBeforeItAnsweredAgain() {
    MachineHarness m = machine(b -> b);
    Instance old = m.adopt(1000, 0);

    Caller caller = m.acquire();
    m.ready(old);

    assertThat(caller.instance()).isSameAs(old);
    assertThat(m.starts).isEmpty();
  }

  @Test
  void adoptedInstance_thatDoesNotAnswer_isReplacedWithoutFailingAnybody() {
    MachineHarness m = machine(b -> b);
    Instance old = m.adopt(1000, 0);
    Caller caller = m.acquire();

    m.exits(old);
    m.released(old);

    assertThat(caller.isWaiting()).isTrue();
    assertThat(m.starts).hasSize(1);
    assertThat(m.machine.startFailures()).isZero();
    m.ready(m.starts.get(0));
    assertThat(caller.instance()).isSameAs(m.starts.get(0));
  }
}
