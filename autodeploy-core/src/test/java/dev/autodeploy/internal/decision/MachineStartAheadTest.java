package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.MachineHarness.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.StartReason;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.Prewarm;
import dev.autodeploy.spi.UsageHistory;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** An instance is started once ahead of the request that the policy expects, and kept for it. */
final class MachineStartAheadTest {

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

  /** A deployment whose one instance is gone, ten seconds after the last request. */
  private static MachineHarness released() {
    MachineHarness m = machine(b -> b.idlePolicy(EVERY_TEN_MINUTES)).warm();
    m.passSeconds(10);
    m.released(m.starts.get(0));
    return m;
  }

  @Test
  void expectedRequest_findsAnInstance() {
    MachineHarness m = released();

    m.passSeconds(529);
    assertThat(m.starts).hasSize(1);
    m.passSeconds(1);
    assertThat(m.starts).hasSize(2);
    assertThat(m.starts.get(1).startReason).isEqualTo(StartReason.EXPECTED);

    m.ready(m.starts.get(1));
    m.passSeconds(60);
    Caller caller = m.acquire();
    assertThat(caller.instance()).isSameAs(m.starts.get(1));
    assertThat(m.machine.coldStarts()).isEqualTo(1); // the first request of all
  }

  @Test
  void instance_isKeptUntilItsFirstRequest_andThenLikeAnyOther() {
    MachineHarness m = released();
    m.passSeconds(530);
    m.ready(m.starts.get(1));

    m.passSeconds(89);
    assertThat(m.releases).hasSize(1);
    m.acquire().close();
    m.passSeconds(9);
    assertThat(m.releases).hasSize(1);
    m.passSeconds(1);
    assertThat(m.releases).hasSize(2);
  }

  @Test
  void instanceThatNobodyUses_isReleased_andNoOtherIsStarted() {
    MachineHarness m = released();
    m.passSeconds(530);
    m.ready(m.starts.get(1));
    m.passSeconds(90);
    assertThat(m.releases).hasSize(2);
    m.released(m.starts.get(1));

    m.passSeconds(100_000);
    assertThat(m.starts).hasSize(2);
  }

  @Test
  void requestThatComesBefore_voidsThePlan() {
    MachineHarness m = released();
    m.passSeconds(100);
    Caller caller = m.acquire();
    assertThat(m.starts).hasSize(2);
    m.ready(m.starts.get(1));
    caller.close();
    m.passSeconds(10);
    m.released(m.starts.get(1));

    m.passSeconds(529);
    assertThat(m.starts).hasSize(2);
    m.passSeconds(1); // counted from this request
    assertThat(m.starts).hasSize(3);
  }

  @Test
  void orderOfTheHost_voidsThePlan() {
    MachineHarness updated = released();
    updated.update(b -> b);
    MachineHarness drained = released();
    drained.release();
    MachineHarness ended = released();
    ended.releaseNow();
    MachineHarness removed = released();
    removed.remove();

    for (MachineHarness m : new MachineHarness[] {updated, drained, ended, removed}) {
      m.passSeconds(10_000);
      assertThat(m.starts).hasSize(1);
    }
  }

  @Test
  void newSpecification_decidesHowLongAnUnusedInstanceIsKept() {
    MachineHarness m = released();
    m.passSeconds(530);
    m.ready(m.starts.get(1));
    m.update(b -> b.idleTimeout(Duration.ofSeconds(20)));

    m.passSeconds(20);
    assertThat(m.releases).hasSize(2);
  }

  @Test
  void releaseThatWasAskedFor_expectsNothing() {
    MachineHarness m = machine(b -> b.idlePolicy(EVERY_TEN_MINUTES)).warm();
    m.release();
    m.released(m.starts.get(0));

    m.passSeconds(10_000);
    assertThat(m.starts).hasSize(1);
  }

  @Test
  void startAheadThatFails_isNotRepeated() {
    MachineHarness m = released();
    m.passSeconds(530);
    m.startFails(m.starts.get(1));
    m.released(m.starts.get(1));

    m.passSeconds(10_000);
    assertThat(m.starts).hasSize(2);
  }

  @Test
  void policyThatThrows_startsNothingAhead() {
    IdlePolicy broken =
        new IdlePolicy() {
          @Override
          public Optional<Duration> idleTimeout(UsageHistory history) {
            return Optional.of(Duration.ofSeconds(10));
          }

          @Override
          public Optional<Prewarm> prewarm(UsageHistory history) {
            throw new IllegalStateException("broken");
          }
        };
    MachineHarness m = machine(b -> b.idlePolicy(broken)).warm();
    m.passSeconds(10);
    m.released(m.starts.get(0));

    m.passSeconds(10_000);
    assertThat(m.starts).hasSize(1);
  }
}
