package dev.autodeploy.internal.decision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.spi.UsageHistory;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The last gaps and starts are remembered, oldest first, and no more than the limit. */
final class RecentUsageTest {
  private final RecentUsage usage = new RecentUsage("voice");

  private static List<Duration> nanos(int from, int to) {
    return IntStream.range(from, to).mapToObj(Duration::ofNanos).toList();
  }

  @Test
  void nothing_wasUsed() {
    assertThat(usage.deployment()).isEqualTo("voice");
    assertThat(usage.recentGaps()).isEmpty();
    assertThat(usage.gaps()).isEmpty();
    assertThat(usage.recentStartDurations()).isEmpty();
  }

  @Test
  void few_areAllThere() {
    IntStream.range(0, 9).forEach(usage::addGap);
    IntStream.range(0, 3).forEach(i -> usage.addStart("one", i));

    assertThat(usage.recentGaps()).isEqualTo(nanos(0, 9));
    assertThat(usage.recentStartDurations()).isEqualTo(nanos(0, 3));
  }

  @Test
  void beyondTheLimit_theOldestAreForgotten() {
    int limit = UsageHistory.LIMIT;
    IntStream.range(0, limit + 7).forEach(usage::addGap);
    IntStream.range(0, 2 * limit + 1).forEach(i -> usage.addStart("one", i));

    assertThat(usage.recentGaps()).isEqualTo(nanos(7, limit + 7));
    assertThat(usage.recentStartDurations()).isEqualTo(nanos(limit + 1, 2 * limit + 1));
  }

  @Test
  void gapsOfAllTime_areWeighted() {
    usage.addGap(Duration.ofMinutes(1).toNanos());
    usage.addGap(Duration.ofHours(1).toNanos());

    assertThat(usage.gaps()).hasSize(2);
  }

  @Test
  void starts_areThoseOfTheKindThatStartedLast() {
    usage.addStart("slow", 50);
    usage.addStart("slow", 40);
    usage.addStart("quick", 5);

    assertThat(usage.recentStartDurations()).containsExactly(Duration.ofNanos(5));
    assertThat(usage.startNanos("slow")).containsExactly(40, 50);
    assertThat(usage.startNanos("another")).isEmpty();

    usage.addStart("slow", 60);

    assertThat(usage.recentStartDurations()).hasSize(3);
  }

  @Test
  void startsOfManyKinds_theLastFourAreRemembered() {
    IntStream.range(0, 6).forEach(i -> usage.addStart("kind-" + i, i));

    assertThat(usage.startNanos("kind-1")).isEmpty();
    assertThat(usage.startNanos("kind-2")).containsExactly(2);
  }

  @Test
  void lines_bringEverythingBack() {
    IntStream.range(0, 200).forEach(i -> usage.addGap(Duration.ofSeconds(i).toNanos()));
    usage.addStart("slow", 50);
    usage.addStart("quick", 5);
    usage.addWake(7);
    usage.addWake(3);
    RecentUsage next = new RecentUsage("voice");

    next.restore(usage.lines());

    assertThat(next.recentGaps()).isEqualTo(usage.recentGaps());
    assertThat(next.gaps()).isEqualTo(usage.gaps());
    assertThat(next.recentStartDurations()).isEqualTo(usage.recentStartDurations());
    assertThat(next.wakeNanos()).containsExactly(3, 7);
    assertThat(next.lines()).isEqualTo(usage.lines());
  }

  @Test
  void linesThatCannotBe_areRefused() {
    for (String line : List.of("gaps x", "starts one x", "bucket 1 2", "bucket 999 1 1")) {
      RecentUsage next = new RecentUsage("voice");

      assertThatThrownBy(() -> next.restore(List.of(line)))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
