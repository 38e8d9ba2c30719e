package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.MachineHarness.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.DeploymentClosedException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.Schedule;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

/** Schedules keep instances warm, change the idle timeout and close, by the time of day. */
final class MachineScheduleTest {
  // The harness begins on Thursday, 1970-01-01, at midnight.
  private static final Schedule DAY = Schedule.weekly(ZoneOffset.UTC);

  @Test
  void warm_startsAtTheWindow_andReleasesAfterIt() {
    MachineHarness m = machine(b -> b.schedule(DAY.warm("daily", "08:30", "18:00", 1)));
    m.open();

    m.pass(Duration.ofMinutes(8 * 60 + 29));
    assertThat(m.starts).isEmpty();
    m.pass(Duration.ofMinutes(1));
    assertThat(m.starts).hasSize(1);
    m.ready(m.starts.get(0));

    m.pass(Duration.ofHours(9));
    assertThat(m.releases).isEmpty();
    m.pass(Duration.ofHours(1));
    assertThat(m.released()).containsExactly(m.starts.get(0));
  }

  @Test
  void warm_atOnceWhereItIsDeclaredWithinTheWindow() {
    MachineHarness m = machine(b -> b);
    m.open();
    m.pass(Duration.ofHours(9));

    m.update(b -> b.schedule(DAY.warm("daily", "08:30", "18:00", 1)));

    assertThat(m.starts).hasSize(1);
    assertThat(m.events(DeploymentEvent.ScheduleChanged.class)).hasSize(1);
  }

  @Test
  void closed_refusesRequests_andSaysWhenItOpens() {
    MachineHarness m = machine(b -> b.schedule(DAY.closed("daily", "00:00", "06:00")));
    m.open();

    Caller caller = m.acquire();

    assertThat(caller.error())
        .isInstanceOfSatisfying(
            DeploymentClosedException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.NOT_OPEN);
              assertThat(e.opensAt()).isEqualTo(Instant.EPOCH.plus(Duration.ofHours(6)));
              assertThat(e.retryAfter())
                  .isEqualTo(Duration.ofHours(6).minusNanos(MachineHarness.ORIGIN));
            });
    assertThat(m.starts).isEmpty();
    m.pass(Duration.ofHours(6));
    assertThat(m.acquire().isWaiting()).isTrue();
  }

  @Test
  void closed_servesWhoCameBefore_thenReleasesAtOnce() {
    MachineHarness m =
        machine(b -> b.minInstances(1).schedule(DAY.closed("daily", "12:00", "24:00")));
    m.open();
    m.ready(m.starts.get(0));
    m.pass(Duration.ofHours(11));
    Caller busy = m.acquire();

    m.pass(Duration.ofHours(1));
    assertThat(m.releases).isEmpty();
    busy.close();
    m.fire();

    assertThat(m.released()).containsExactly(m.starts.get(0));
    m.released(m.starts.get(0));
    assertThat(m.starts).hasSize(1);
    m.pass(Duration.ofHours(12));
    assertThat(m.starts).as("the minimum is kept again").hasSize(2);
  }

  @Test
  void closed_whileSomebodyWaits_stillStartsForThem() {
    MachineHarness m = machine(b -> b.schedule(DAY.closed("daily", "12:00", "24:00")));
    m.open();
    m.pass(Duration.ofHours(12).minusSeconds(30));
    Caller waiting = m.acquire();

    m.passSeconds(60);
    m.ready(m.starts.get(0));

    assertThat(waiting.instance()).isSameAs(m.starts.get(0));
  }

  @Test
  void idleTimeout_isThatOfTheWindow_alsoForWhatIsIdleAlready() {
    MachineHarness m =
        machine(
            b ->
                b.idleTimeout(Duration.ofHours(24))
                    .schedule(DAY.idleTimeout("daily", "12:00", "24:00", Duration.ofMinutes(1))));
    m.open();
    m.warm();
    m.pass(Duration.ofHours(11));
    assertThat(m.releases).isEmpty();

    m.pass(Duration.ofHours(1));

    assertThat(m.releases).hasSize(1);
  }

  @Test
  void clockThatIsSetBack_opensAgain() {
    MachineHarness m = machine(b -> b.schedule(DAY.closed("daily", "12:00", "24:00")));
    m.open();
    m.pass(Duration.ofHours(13));
    assertThat(m.acquire().error().code()).isEqualTo(ErrorCode.NOT_OPEN);

    m.setClock(Duration.ofHours(-2));

    assertThat(m.acquire().isWaiting()).isTrue();
  }

  @Test
  void clockThatIsSetForward_isNoticedWithinAQuarterOfAnHour() {
    MachineHarness m = machine(b -> b.schedule(DAY.warm("daily", "12:00", "18:00", 1)));
    m.open();
    m.setClock(Duration.ofHours(13));

    m.pass(Duration.ofMinutes(15));

    assertThat(m.count(InstancePhase.STARTING)).isEqualTo(1);
  }
}
