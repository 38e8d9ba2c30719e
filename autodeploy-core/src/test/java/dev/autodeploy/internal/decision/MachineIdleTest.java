package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.MachineHarness.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.DeploymentState;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.UsageHistory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The idle clock runs from the later of ready and the last close, and only without a lease. */
final class MachineIdleTest {

  @Test
  void idleInstance_isReleasedExactlyAtItsTimeout() {
    MachineHarness m = machine(b -> b).warm();

    m.pass(Duration.ofMinutes(5).minusNanos(1));
    assertThat(m.releases).isEmpty();
    m.pass(Duration.ofNanos(1));

    assertThat(m.released()).containsExactly(m.starts.get(0));
    assertThat(m.starts.get(0).releaseReason).isEqualTo(ReleaseReason.IDLE);
  }

  @Test
  void idleClock_runsFromTheLastClose_notFromTheRequest() {
    MachineHarness m = machine(b -> b).warm();
    m.passSeconds(100);
    Caller caller = m.acquire();
    m.passSeconds(1000);
    assertThat(m.releases).isEmpty();
    caller.close();

    m.passSeconds(299);
    assertThat(m.releases).isEmpty();
    m.passSeconds(1);
    assertThat(m.releases).hasSize(1);
  }

  @Test
  void idleClock_runsFromReady_notFromTheStart() {
    MachineHarness m = machine(b -> b);
    m.acquire().cancel();
    m.passSeconds(500);
    m.ready(m.starts.get(0));

    m.passSeconds(299);
    assertThat(m.releases).isEmpty();
    m.passSeconds(1);
    assertThat(m.releases).hasSize(1);
  }

  @Test
  void idleClock_waitsForTheLastOfSeveralLeases() {
    MachineHarness m = machine(b -> b).warm();
    Caller first = m.acquire();
    Caller second = m.acquire();
    first.close();
    m.passSeconds(1000);
    assertThat(m.releases).isEmpty();
    second.close();
    m.passSeconds(300);
    assertThat(m.releases).hasSize(1);
  }

  @Test
  void request_atTheVeryMomentOfTheTimeout_keepsTheInstance() {
    MachineHarness m = machine(b -> b).warm();
    m.passWithoutTimer(Duration.ofMinutes(5));

    Caller caller = m.acquire();
    m.fire();

    assertThat(caller.instance()).isSameAs(m.starts.get(0));
    assertThat(m.releases).isEmpty();
    assertThat(m.starts).hasSize(1);
  }

  @Test
  void request_justAfterTheTimeout_isServedByTheNextInstance() {
    MachineHarness m = machine(b -> b).warm();
    m.passSeconds(300);

    Caller caller = m.acquire();

    assertThat(caller.isWaiting()).isTrue();
    m.released(m.starts.get(0));
    m.ready(m.starts.get(1));
    assertThat(caller.instance()).isSameAs(m.starts.get(1));
  }

  @Test
  void close_onAReadyInstance_setsNoTimer() {
    MachineHarness m = machine(b -> b).warm();
    int before = m.timersSet;

    for (int i = 0; i < 1000; i++) {
      Caller caller = m.acquire();
      m.passWithoutTimer(Duration.ofMillis(10));
      caller.close();
    }

    assertThat(m.timersSet).isEqualTo(before);
  }

  @Test
  void timer_ofABusyInstance_doesNotSpin() {
    MachineHarness m = machine(b -> b.idleTimeout(Duration.ZERO));
    m.acquire();
    m.ready(m.starts.get(0));
    int before = m.timersSet;

    m.passSeconds(600);

    assertThat(m.timersSet - before).isLessThanOrEqualTo(601);
    assertThat(m.releases).isEmpty();
  }

  @Test
  void timeoutOfZero_releasesAtTheLastClose() {
    MachineHarness m = machine(b -> b.idleTimeout(Duration.ZERO));
    Caller caller = m.acquire();
    m.ready(m.starts.get(0));
    m.passSeconds(5);
    assertThat(m.releases).isEmpty();

    caller.close();
    m.pass(Duration.ZERO);

    assertThat(m.releases).hasSize(1);
  }

  @Test
  void timeoutOfZero_releasesAnInstanceThatNobodyWantsAnyMore() {
    MachineHarness m = machine(b -> b.idleTimeout(Duration.ZERO));
    m.acquire().cancel();
    m.ready(m.starts.get(0));
    m.pass(Duration.ZERO);

    assertThat(m.releases).hasSize(1);
  }

  @Test
  void policyOfNever_keepsTheInstance() {
    MachineHarness m = machine(IdlePolicy.never(), b -> b).warm();

    m.pass(Duration.ofDays(1000));

    assertThat(m.releases).isEmpty();
    assertThat(m.timerIn()).isNull();
    assertThat(m.machine.state()).isEqualTo(DeploymentState.RUNNING);
  }

  @Test
  void policyOfAnAbsurdTimeout_countsAsNever() {
    MachineHarness m = machine(h -> Optional.of(Duration.ofSeconds(Long.MAX_VALUE)), b -> b);
    m.warm();

    m.pass(Duration.ofDays(1000));

    assertThat(m.releases).isEmpty();
  }

  @Test
  void policyThatThrows_countsAsTheDefault() {
    MachineHarness m =
        machine(
            h -> {
              throw new IllegalStateException("broken policy");
            },
            b -> b);
    m.warm();

    m.passSeconds(299);
    assertThat(m.releases).isEmpty();
    m.passSeconds(1);
    assertThat(m.releases).hasSize(1);
  }

  @Test
  void policyThatCannotBeLinked_countsAsTheDefault() {
    MachineHarness m =
        machine(
            h -> {
              throw new NoClassDefFoundError("com/example/Missing");
            },
            b -> b);
    m.warm();

    m.passSeconds(300);

    assertThat(m.releases).hasSize(1);
  }

  @Test
  void policyThatAnswersNegative_countsAsTheDefault() {
    MachineHarness m = machine(h -> Optional.of(Duration.ofSeconds(-1)), b -> b).warm();

    m.passSeconds(299);
    assertThat(m.releases).isEmpty();
    m.passSeconds(1);
    assertThat(m.releases).hasSize(1);
  }

  @Test
  void policy_isAskedWhenTheInstanceBecomesIdleAndSeesThePast() {
    List<List<Duration>> gaps = new ArrayList<>();
    List<List<Duration>> starts = new ArrayList<>();
    IdlePolicy policy =
        (UsageHistory h) -> {
          gaps.add(h.recentGaps());
          starts.add(h.recentStartDurations());
          return Optional.of(Duration.ofSeconds(60));
        };
    MachineHarness m = machine(policy, b -> b);
    Caller first = m.acquire();
    m.passSeconds(40);
    m.ready(m.starts.get(0));
    first.close();
    m.passSeconds(20);
    m.acquire().close();

    assertThat(gaps.get(gaps.size() - 1)).containsExactly(Duration.ofSeconds(20));
    assertThat(starts.get(starts.size() - 1)).containsExactly(Duration.ofSeconds(40));
  }

  @Test
  void history_keepsTheLastHundredOnly() {
    RecentUsage history = new RecentUsage("voice");
    for (int i = 0; i < 10_000; i++) {
      history.addGap(i);
    }

    assertThat(history.recentGaps()).hasSize(UsageHistory.LIMIT);
    assertThat(history.recentGaps().get(UsageHistory.LIMIT - 1)).isEqualTo(Duration.ofNanos(9_999));
  }

  @Test
  void busyTime_isTheTimeWithAtLeastOneLease() {
    MachineHarness m = machine(b -> b).warm();
    Caller first = m.acquire();
    m.passSeconds(10);
    Caller second = m.acquire();
    m.passSeconds(10);
    first.close();
    m.passSeconds(10);
    second.close();
    m.passSeconds(10);

    assertThat(Duration.ofNanos(m.starts.get(0).busyNanos(m.now())))
        .isEqualTo(Duration.ofSeconds(30));
  }
}
