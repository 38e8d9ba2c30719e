package dev.autodeploy.internal.decision;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.internal.decision.SleepTimes.Cuts;
import dev.autodeploy.internal.decision.SleepTimes.Time;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class SleepTimesTest {

  @Test
  void plus_beyondTheMost_joinsThoseThatAreClosest_andKeepsTheirLength() {
    SleepTimes times = SleepTimes.NONE;
    for (int i = 0; i < SleepTimes.MOST; i++) {
      times = times.plus(i * 10L, i * 10L + 3, Cuts.NONE);
    }
    long last = SleepTimes.MOST * 10L - 10;
    times = times.plus(last + 5, last + 8, Cuts.NONE);

    assertThat(times.times()).hasSize(SleepTimes.MOST).startsWith(new Time(0, 3), new Time(10, 13));
    assertThat(times.times().get(SleepTimes.MOST - 1)).isEqualTo(new Time(last, last + 6));
  }

  /** What was spent before a price changed, or a budget began anew, must not become much less. */
  @Test
  void plus_ofMany_movesNoneFar() {
    SleepTimes times = SleepTimes.NONE;
    for (int i = 0; i < 1000; i++) {
      times = times.plus(i * 10L, i * 10L + 3, Cuts.NONE);
      long half = times.times().stream().mapToLong(time -> within(time, 5000)).sum();
      assertThat(half).isBetween(0L, 1500L + 7 * 1000 / SleepTimes.MOST * 2);
    }
    assertThat(times.times()).hasSize(SleepTimes.MOST);
    assertThat(times.nanos()).isEqualTo(3000);
  }

  @Test
  void plus_beyondTheMost_movesNothingOverAQuarterOfAnHour_orAChangeOfThePrice() {
    long second = 1_000_000_000L;
    Instant wall = Instant.parse("2026-11-26T00:07:03.5Z");
    Cuts cuts = Cuts.of(500, wall).priced(500 + 100 * second);
    SleepTimes times = SleepTimes.NONE;
    for (int i = 0; i < 2000; i++) { // 2 s asleep of each 3 s
      times = times.plus(500 + i * 3L * second, 500 + (i * 3L + 2) * second, cuts);
    }

    long[] exact = {500 + 100 * second, 500 + (7 * 60 + 56) * second + second / 2};
    for (long cut : exact) {
      long asleep = times.times().stream().mapToLong(time -> within(time, cut)).sum();
      assertThat(asleep).isEqualTo(asleepUntil(cut - 500, second));
    }
    assertThat(times.nanos()).isEqualTo(4000 * second);
    assertThat(times.times()).hasSizeBetween(SleepTimes.MOST, SleepTimes.MOST + 10);
  }

  private static long asleepUntil(long moment, long second) {
    long whole = moment / (3 * second);
    return whole * 2 * second + Math.min(2 * second, moment - whole * 3 * second);
  }

  @Test
  void plus_whereEverythingIsCut_keepsAll() {
    long quarter = Duration.ofMinutes(15).toNanos();
    SleepTimes times = SleepTimes.NONE;
    for (int i = 0; i < 300; i++) {
      times = times.plus(i * quarter, i * quarter + 5, Cuts.of(0, Instant.EPOCH));
    }
    assertThat(times.times()).hasSize(300);
  }

  private static long within(Time time, long end) {
    return Math.max(0, Math.min(time.to(), end) - time.from());
  }

  @Test
  void plus_overlapping_begins_whereTheLastOneEnded() {
    SleepTimes times =
        SleepTimes.NONE.plus(5, 9, Cuts.NONE).plus(7, 12, Cuts.NONE).plus(8, 11, Cuts.NONE);
    assertThat(times.times()).containsExactly(new Time(5, 9), new Time(9, 12));
    assertThat(times.later(2).times()).containsExactly(new Time(7, 11), new Time(11, 14));
  }
}
