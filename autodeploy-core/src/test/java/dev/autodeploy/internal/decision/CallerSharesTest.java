package dev.autodeploy.internal.decision;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Busy time is shared among those who hold leases, and none of it is lost. */
final class CallerSharesTest {
  private final CallerShares shares = new CallerShares();

  private Map<String, Long> nanos(long now) {
    return shares.named(now).entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().toNanos()));
  }

  @Test
  void oneCaller_hasAllOfItsTime_andNoneAfterIt() {
    shares.taken(100, "a");
    assertThat(nanos(100)).isEmpty();
    assertThat(nanos(107)).containsOnly(Map.entry("a", 7L));

    shares.givenBack(110, "a");
    assertThat(nanos(200)).containsOnly(Map.entry("a", 10L));
  }

  @Test
  void withoutNames_nothingIsCounted() {
    shares.taken(0, null);
    shares.givenBack(50, null);

    assertThat(shares.named(100)).isEmpty();
  }

  @Test
  void leasesOfTheSameMoment_shareItByTheirNumber() {
    shares.taken(0, "a");
    shares.taken(0, "b");
    shares.taken(0, "b");
    shares.givenBack(9, "a");
    assertThat(nanos(9)).containsOnly(Map.entry("a", 3L), Map.entry("b", 6L));

    shares.givenBack(15, "b");
    assertThat(nanos(15)).containsOnly(Map.entry("a", 3L), Map.entry("b", 12L));
    shares.givenBack(20, "b");
    assertThat(nanos(100)).containsOnly(Map.entry("a", 3L), Map.entry("b", 17L));
  }

  @Test
  void remainder_goesToTheLastOne_soThatTheSumIsTheTime() {
    shares.taken(0, "a");
    shares.taken(0, "b");
    shares.taken(0, "c");

    assertThat(nanos(11)).containsOnly(Map.entry("a", 3L), Map.entry("b", 3L), Map.entry("c", 5L));
  }

  @Test
  void longTimes_areSharedToTheNanosecond() {
    long year = Duration.ofDays(365).toNanos();
    for (String name : new String[] {"a", "a", "b", "b", "b", "c", "c"}) {
      shares.taken(0, name);
    }

    Map<String, Long> nanos = nanos(year);

    assertThat(nanos.values().stream().mapToLong(Long::longValue).sum()).isEqualTo(year);
    assertThat(nanos.get("a")).isEqualTo(year / 7 * 2 + year % 7 * 2 / 7);
    assertThat(nanos.get("b")).isEqualTo(year / 7 * 3 + year % 7 * 3 / 7);
  }

  @Test
  void leasesWithoutName_haveTheirShare_alsoThoseFromBeforeTheFirstName() {
    shares.taken(0, null);
    shares.taken(50, "a");
    assertThat(nanos(60)).containsOnly(Map.entry("a", 5L));

    shares.givenBack(60, null);
    assertThat(nanos(70)).containsOnly(Map.entry("a", 15L));
    shares.taken(70, null);
    assertThat(nanos(80)).containsOnly(Map.entry("a", 20L));
  }

  @Test
  void clockThatStands_countsNothing() {
    shares.taken(10, "a");

    assertThat(nanos(10)).isEmpty();
    assertThat(nanos(5)).isEmpty();
    assertThat(nanos(15)).containsOnly(Map.entry("a", 10L));
  }

  @Test
  void restored_goesOnFromWhatAnEarlierProcessCounted() {
    shares.restore(Map.of("a", Duration.ofNanos(40), "b", Duration.ofNanos(2)));
    assertThat(nanos(1_000)).containsOnly(Map.entry("a", 40L), Map.entry("b", 2L));

    shares.taken(1_000, "a");

    assertThat(nanos(1_005)).containsOnly(Map.entry("a", 45L), Map.entry("b", 2L));
  }

  @Test
  void restored_ofManyCallers_hasThemAll() {
    Map<String, Duration> earlier = new LinkedHashMap<>();
    for (int i = 0; i < 10; i++) {
      earlier.put("caller-" + i, Duration.ofNanos(i + 1));
    }
    shares.restore(earlier);

    assertThat(shares.named(0)).isEqualTo(earlier);
  }

  @Test
  void restored_ofNothing_countsNothing() {
    shares.restore(Map.of());
    shares.taken(0, null);

    assertThat(shares.named(10)).isEmpty();
  }

  @Test
  void restored_whileLeasesAreOpen_countsThemAsWithoutName() {
    shares.taken(0, null);
    shares.restore(Map.of("a", Duration.ofNanos(1)));
    shares.taken(10, "a");

    assertThat(nanos(30)).containsOnly(Map.entry("a", 11L));
  }

  @Test
  void callersBeyondTheLimit_countAsOnesWithoutName() {
    Map<String, Long> expected = new LinkedHashMap<>();
    for (int i = 0; i < CallerShares.LIMIT + 5; i++) {
      shares.taken(10L * i, "caller-" + i);
      shares.givenBack(10L * i + 4, "caller-" + i);
      if (i < CallerShares.LIMIT) {
        expected.put("caller-" + i, 4L);
      }
    }

    assertThat(nanos(1_000_000)).isEqualTo(expected);
  }
}
