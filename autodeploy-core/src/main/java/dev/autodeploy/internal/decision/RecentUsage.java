package dev.autodeploy.internal.decision;

import dev.autodeploy.StartEstimate;
import dev.autodeploy.spi.UsageHistory;
import dev.autodeploy.spi.WeightedGap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The past of a deployment: its last gaps, how all were distributed, and how long starts took of
 * each of the last kinds of instance that it had, and wake-ups of all of them.
 */
final class RecentUsage implements UsageHistory {
  /** The kinds of instance whose starts are remembered: an update can be taken back. */
  private static final int KINDS = 4;

  private static final String GAPS = "gaps";
  private static final String STARTS = "starts";
  private static final String WAKES = "wakes";

  private final String deployment;

  /** Made for the first value: most deployments of a host with many have never been used. */
  private @Nullable Ring gaps;

  private @Nullable GapHistogram histogram;
  private @Nullable Ring wakes;

  /** The starts by the fingerprint of the instance, the one that started last at the end. */
  private Map<String, Ring> starts = Map.of();

  RecentUsage(String deployment) {
    this.deployment = deployment;
  }

  void addGap(long nanos) {
    gaps = gaps == null ? new Ring() : gaps;
    gaps.add(nanos);
    histogram = histogram == null ? new GapHistogram() : histogram;
    histogram.add(nanos);
  }

  void addStart(String fingerprint, long nanos) {
    starts(fingerprint).add(nanos);
  }

  void addWake(long nanos) {
    wakes = wakes == null ? new Ring() : wakes;
    wakes.add(nanos);
  }

  /** Returns how long wake-ups took, shortest first; empty if there was none. */
  long[] wakeNanos() {
    return wakes == null ? new long[0] : wakes.sorted();
  }

  /** Returns the starts of a kind of instance, which becomes the last one. */
  private Ring starts(String fingerprint) {
    if (starts.isEmpty()) {
      starts = new LinkedHashMap<>(2);
    }
    Ring known = starts.remove(fingerprint);
    Ring ring = known == null ? new Ring() : known;
    starts.put(fingerprint, ring);
    if (starts.size() > KINDS) {
      starts.remove(starts.keySet().iterator().next());
    }
    return ring;
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
    List<Duration> last = List.of();
    for (Ring ring : starts.values()) {
      last = ring.toList();
    }
    return last;
  }

  /** Returns how long starts of a kind of instance took, shortest first; empty if none was made. */
  long[] startNanos(String fingerprint) {
    Ring ring = starts.get(fingerprint);
    return ring == null ? new long[0] : ring.sorted();
  }

  /** Returns how long starts of the kind of instance that started last take, or null. */
  @Nullable StartEstimate startEstimate() {
    long[] sorted = {};
    for (Ring ring : starts.values()) {
      sorted = ring.sorted();
    }
    if (sorted.length == 0) {
      return null;
    }
    int slow = (sorted.length * 95 + 99) / 100 - 1;
    return new StartEstimate(
        Duration.ofNanos(sorted[sorted.length / 2]), Duration.ofNanos(sorted[slow]), sorted.length);
  }

  /** Returns everything in lines of text. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    if (gaps != null && histogram != null) {
      lines.add(GAPS + gaps.text());
      lines.addAll(histogram.lines());
    }
    if (wakes != null) {
      lines.add(WAKES + wakes.text());
    }
    starts.forEach((fingerprint, ring) -> lines.add(STARTS + " " + fingerprint + ring.text()));
    return lines;
  }

  /**
   * Takes over what an earlier process has learned. Lines of other kinds are left alone.
   *
   * @throws IllegalArgumentException if a line cannot be read
   */
  void restore(List<String> lines) {
    for (String line : lines) {
      String[] words = line.split(" ", -1);
      if (words[0].equals(GAPS)) {
        gaps = new Ring();
        gaps.addAll(words, 1);
        histogram = histogram == null ? new GapHistogram() : histogram;
      } else if (words[0].equals(GapHistogram.LINE)) {
        histogram = histogram == null ? new GapHistogram() : histogram;
        histogram.restore(words);
      } else if (words[0].equals(WAKES)) {
        wakes = new Ring();
        wakes.addAll(words, 1);
      } else if (words[0].equals(STARTS) && words.length > 1) {
        starts(words[1]).addAll(words, 2);
      }
    }
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

    void addAll(String[] words, int from) {
      for (int i = from; i < words.length; i++) {
        add(Math.max(0, Long.parseLong(words[i])));
      }
    }

    List<Duration> toList() {
      List<Duration> list = new ArrayList<>();
      for (long i = Math.max(0, count - LIMIT); i < count; i++) {
        list.add(Duration.ofNanos(values[(int) (i % LIMIT)]));
      }
      return list;
    }

    long[] sorted() {
      long[] sorted = Arrays.copyOf(values, (int) Math.min(count, LIMIT));
      Arrays.sort(sorted);
      return sorted;
    }

    /** Returns a space and the value for each, oldest first. */
    String text() {
      StringBuilder text = new StringBuilder();
      for (long i = Math.max(0, count - LIMIT); i < count; i++) {
        text.append(' ').append(values[(int) (i % LIMIT)]);
      }
      return text.toString();
    }
  }
}
