package dev.autodeploy.internal.decision;

import dev.autodeploy.spi.UsageHistory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The recent past of a deployment: two rings of nanoseconds. */
final class RecentUsage implements UsageHistory {
  private final String deployment;
  private final Ring gaps = new Ring();
  private final Ring starts = new Ring();

  RecentUsage(String deployment) {
    this.deployment = deployment;
  }

  void addGap(long nanos) {
    gaps.add(nanos);
  }

  void addStart(long nanos) {
    starts.add(nanos);
  }

  @Override
  public String deployment() {
    return deployment;
  }

  @Override
  public List<Duration> recentGaps() {
    return gaps.toList();
  }

  @Override
  public List<Duration> recentStartDurations() {
    return starts.toList();
  }

  /** The last values of a series. */
  private static final class Ring {
    private static final long[] NONE = {};

    /** Grows with what is added: most deployments of a host with many have hardly been used. */
    private long[] values = NONE;

    private long count;

    void add(long value) {
      if (count == values.length && count < LIMIT) {
        values = Arrays.copyOf(values, Math.min(LIMIT, Math.max(8, 2 * values.length)));
      }
      values[(int) (count++ % LIMIT)] = value;
    }

    List<Duration> toList() {
      List<Duration> list = new ArrayList<>();
      for (long i = Math.max(0, count - LIMIT); i < count; i++) {
        list.add(Duration.ofNanos(values[(int) (i % LIMIT)]));
      }
      return List.copyOf(list);
    }
  }
}
