package dev.autodeploy.internal.decision;

import static org.assertj.core.api.Assertions.assertThat;

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
    IntStream.range(0, 3).forEach(usage::addStart);

    assertThat(usage.recentGaps()).isEqualTo(nanos(0, 9));
    assertThat(usage.recentStartDurations()).isEqualTo(nanos(0, 3));
  }

  @Test
  void beyondTheLimit_theOldestAreForgotten() {
    int limit = UsageHistory.LIMIT;
    IntStream.range(0, limit + 7).forEach(usage::addGap);
    IntStream.range(0, 2 * limit + 1).forEach(usage::addStart);

    assertThat(usage.recentGaps()).isEqualTo(nanos(7, limit + 7));
    assertThat(usage.recentStartDurations()).isEqualTo(nanos(limit + 1, 2 * limit + 1));
  }

  @Test
  void gapsOfAllTime_areWeighted() {
    usage.addGap(Duration.ofMinutes(1).toNanos());
    usage.addGap(Duration.ofHours(1).toNanos());

    assertThat(usage.gaps()).hasSize(2);
  }
}
