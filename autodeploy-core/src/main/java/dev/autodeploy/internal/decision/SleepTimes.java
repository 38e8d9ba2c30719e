package dev.autodeploy.internal.decision;

import java.util.ArrayList;
import java.util.List;

/**
 * The times in which an instance slept, one after the other, in nanoseconds of a time line. The
 * first {@link #MOST} are kept as they were; of more, the two with the least time awake between
 * them become one, which keeps their length and moves the later one by no more than that time.
 * Immutable.
 *
 * @param times the times
 */
public record SleepTimes(List<Time> times) {
  /** The number of times that are kept. */
  static final int MOST = 100;

  /** None at all. */
  public static final SleepTimes NONE = new SleepTimes(List.of());

  /**
   * A time in which it slept.
   *
   * @param from when it fell asleep
   * @param to when it was woken
   */
  public record Time(long from, long to) {}

  /** Returns these and a later one, which begins where the last one ended if not after that. */
  public SleepTimes plus(long from, long to) {
    long begin = times.isEmpty() ? from : Math.max(from, times.get(times.size() - 1).to);
    if (to <= begin) {
      return this;
    }
    List<Time> more = new ArrayList<>(times);
    more.add(new Time(begin, to));
    if (more.size() > MOST) {
      int closest = closest(more);
      Time later = more.remove(closest + 1);
      Time earlier = more.get(closest);
      more.set(closest, new Time(earlier.from, earlier.to + later.to - later.from));
    }
    return new SleepTimes(List.copyOf(more));
  }

  /** Returns which of them has the least time between itself and the next one. */
  private static int closest(List<Time> times) {
    int closest = 0;
    long least = Long.MAX_VALUE;
    for (int i = 0; i + 1 < times.size(); i++) {
      long between = times.get(i + 1).from - times.get(i).to;
      if (between < least) {
        least = between;
        closest = i;
      }
    }
    return closest;
  }

  /** Returns the same on a time line on which all is later. */
  public SleepTimes later(long by) {
    return new SleepTimes(
        times.stream().map(time -> new Time(time.from + by, time.to + by)).toList());
  }

  /** Returns how long they are together. */
  public long nanos() {
    return times.stream().mapToLong(time -> time.to - time.from).sum();
  }
}
