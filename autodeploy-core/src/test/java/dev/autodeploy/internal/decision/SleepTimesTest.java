package dev.autodeploy.internal.decision;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.internal.decision.SleepTimes.Time;
import org.junit.jupiter.api.Test;

final class SleepTimesTest {

  @Test
  void plus_beyondTheMost_movesTheFirstTogetherAndKeepsTheirLength() {
    SleepTimes times = SleepTimes.NONE;
    for (int i = 0; i < 1000; i++) {
      times = times.plus(i * 10L, i * 10L + 3);
    }
    assertThat(times.times()).hasSize(SleepTimes.MOST).startsWith(new Time(0, 901 * 3L));
    assertThat(times.times().get(1)).isEqualTo(new Time(9010, 9013));
    assertThat(times.nanos()).isEqualTo(3000);
  }

  @Test
  void plus_overlapping_begins_whereTheLastOneEnded() {
    SleepTimes times = SleepTimes.NONE.plus(5, 9).plus(7, 12).plus(8, 11);
    assertThat(times.times()).containsExactly(new Time(5, 9), new Time(9, 12));
    assertThat(times.later(2).times()).containsExactly(new Time(7, 11), new Time(11, 14));
  }
}
