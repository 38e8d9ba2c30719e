package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Schedule;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

/** The state in force, which is found again when a window ends, or when the clock was set. */
final class OpeningHoursTest {
  private static final Instant MIDNIGHT = Instant.parse("2026-01-05T00:00:00Z"); // a Monday
  private static final long MINUTE = Duration.ofMinutes(1).toNanos();

  private final Schedule weekly = Schedule.weekly(ZoneOffset.UTC);

  private static Instant at(int hour, int minute) {
    return MIDNIGHT.plusSeconds(3600L * hour + 60L * minute);
  }

  @Test
  void untold_isClosed_andAsksForNoLook() {
    OpeningHours hours = new OpeningHours(weekly.warm("daily", "08:00", "18:00", 1));

    assertThat(hours.state().closed()).isTrue();
    assertThat(hours.nextLook()).isEqualTo(NEVER);
  }

  @Test
  void tell_saysTheFirstTime_andWhenAWindowBeginsOrEnds() {
    OpeningHours hours = new OpeningHours(weekly.warm("daily", "08:00", "18:00", 2));

    assertThat(hours.tell(0, at(7, 0))).isTrue();
    assertThat(hours.tell(1, at(7, 59))).isFalse();
    assertThat(hours.tell(2, at(8, 0))).isTrue();
    assertThat(hours.state().warm()).isEqualTo(2);
    assertThat(hours.tell(3, at(17, 59))).isFalse();
    assertThat(hours.tell(4, at(18, 0))).isTrue();
    assertThat(hours.state().warm()).isZero();
    assertThat(hours.wall()).isEqualTo(at(18, 0));
  }

  @Test
  void tell_ofAClosedFirstState_isAChange() {
    OpeningHours hours = new OpeningHours(weekly.closed("daily", "00:00", "12:00"));

    assertThat(hours.tell(0, at(1, 0))).as("it was not known before").isTrue();
    assertThat(hours.state().closed()).isTrue();
    assertThat(hours.opensAt()).isEqualTo(at(12, 0));
    assertThat(hours.tell(1, at(12, 0))).isTrue();
    assertThat(hours.state().closed()).isFalse();
  }

  @Test
  void tell_ofAClockThatWasSetBack_looksAgain() {
    OpeningHours hours = new OpeningHours(weekly.closed("daily", "08:00", "12:00"));
    assertThat(hours.tell(0, at(13, 0))).isTrue();

    assertThat(hours.tell(1, at(9, 0))).isTrue();

    assertThat(hours.state().closed()).isTrue();
  }

  @Test
  void tell_acrossWindowsThatAreAlike_isNoChange() {
    OpeningHours hours =
        new OpeningHours(
            weekly
                .idleTimeout("daily", "08:00", "10:00", Duration.ofMinutes(1))
                .idleTimeout("daily", "12:00", "14:00", Duration.ofMinutes(1)));
    hours.tell(0, at(9, 0));

    assertThat(hours.tell(1, at(13, 0))).isFalse();

    assertThat(hours.state().idleTimeout()).isEqualTo(Duration.ofMinutes(1));
  }

  @Test
  void tell_ofAnotherIdleTimeout_isAChange() {
    OpeningHours hours =
        new OpeningHours(
            weekly
                .idleTimeout("daily", "08:00", "10:00", Duration.ofMinutes(1))
                .idleTimeout("daily", "10:00", "12:00", Duration.ofMinutes(2)));

    hours.tell(0, at(7, 0));
    assertThat(hours.tell(1, at(8, 0))).as("one begins").isTrue();
    assertThat(hours.tell(2, at(10, 0))).as("another one").isTrue();
    assertThat(hours.tell(3, at(12, 0))).as("none any longer").isTrue();
    assertThat(hours.tell(4, at(13, 0))).isFalse();
  }

  @Test
  void nextLook_isTheNextChange_andNoLaterThanAQuarterOfAnHour() {
    OpeningHours hours = new OpeningHours(weekly.warm("daily", "08:00", "18:00", 1));

    hours.tell(1_000, at(7, 0));
    assertThat(hours.nextLook()).isEqualTo(1_000 + 15 * MINUTE);
    hours.tell(2_000, at(7, 45));
    assertThat(hours.nextLook()).isEqualTo(2_000 + 15 * MINUTE);
    hours.tell(3_000, at(7, 50));
    assertThat(hours.nextLook()).isEqualTo(3_000 + 10 * MINUTE);
  }

  @Test
  void nextLook_whereNothingEverChanges_isNever() {
    OpeningHours hours = new OpeningHours(weekly);

    hours.tell(0, at(7, 0));

    assertThat(hours.nextLook()).isEqualTo(NEVER);
  }
}
