package dev.autodeploy.internal.decision;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.internal.decision.SleepTimes.Time;
import org.junit.jupiter.api.Test;

final class SleepTimesTest {

  @Test
  void plus_beyondTheMost_joinsThoseThatAreClosest_andKeepsTheirLength() {
    SleepTimes times = SleepTimes.NONE;
    for (int i = 0; i < SleepTimes.MOST; i++) {
      times = times.plus(i * 10L, i * 10L + 3);
    }
    long last = SleepTimes.MOST * 10L - 10;
    times = times.plus(last + 5, last + 8);

    assertThat(times.times()).hasSize(SleepTimes.MOST).startsWith(new Time(0, 3), new Time(10, 13));
    assertThat(times.times().get(SleepTimes.MOST - 1)).isEqualTo(new Time(last, last + 6));
  }

  /** What was spent before a price changed, or a budget began anew, must not become much less. */
  @Test
  void plus_ofMany_movesNoneFar() {
    SleepTimes times = SleepTimes.NONE;
    for (int i = 0; i < 1000; i++) {
      times = times.plus(i * 10L, i * 10L + 3);
      long half = times.times().stream().mapToLong(time -> within(time, 5000)).sum();
      assertThat(half).isBetween(0L, 1500L + 7 * 1000 / SleepTimes.MOST * 2);
    }
    assertThat(times.times()).hasSize(SleepTimes.MOST);
    assertThat(times.nanos()).isEqualTo(3000);
  }

  private static long within(Time time, long end) {
    return Math.max(0, Math.min(time.to(), end) - time.from());
  }

  @Test
  void plus_overlapping_begins_whereTheLastOneEnded() {
    SleepTimes times = SleepTimes.NONE.plus(5, 9).plus(7, 12).plus(8, 11);
    assertThat(times.times()).containsExactly(new Time(5, 9), new Time(9, 12));
    assertThat(times.later(2).times()).containsExactly(new Time(7, 11), new Time(11, 14));
  }
}
