package dev.autodeploy.internal.decision;

import dev.autodeploy.spi.UsageHistory;
import dev.autodeploy.spi.WeightedGap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The past of a deployment: two rings of nanoseconds, and how its gaps are distributed. */
final class RecentUsage implements UsageHistory {
  private final String deployment;

  /** Made for the first value: most deployments of a host with many have never been used. */
  private @Nullable Ring gaps;

  private @Nullable GapHistogram histogram;

  private @Nullable Ring starts;

  RecentUsage(String deployment) {
    this.deployment = deployment;
  }

  void addGap(long nanos) {
    gaps = gaps == null ? new Ring() : gaps;
    gaps.add(nanos);
    histogram = histogram == null ? new GapHistogram() : histogram;
    histogram.add(nanos);
  }

  void addStart(long nanos) {
    starts = starts == null ? new Ring() : starts;
    starts.add(nanos);
  }

  @Override
  public String deployment() {
    return deployment;
  }

  @Override
  public List<Duration> recentGaps() {
    return gaps == null ? List.of() : gaps.toList();
  }

  @Override
  public List<WeightedGap> gaps() {
    return histogram == null ? List.of() : histogram.toList();
  }

  @Override
  public List<Duration> recentStartDurations() {
    return starts == null ? List.of() : starts.toList();
  }

  /** The last values of a series. */
  private static final class Ring {
    private static final long[] NONE = {};

    /** Grows with the values added: most deployments have hardly been used. */
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
