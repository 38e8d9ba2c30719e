package dev.autodeploy.internal.decision;

import java.util.ArrayList;
import java.util.List;

/**
 * The times in which an instance slept, one after the other, in nanoseconds of a time line. The
 * last ones are kept as they were; of more than {@link #MOST}, the first ones are moved together,
 * which keeps their length. Immutable.
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
      Time first = more.remove(0);
      Time second = more.get(0);
      more.set(0, new Time(first.from, first.to + second.to - second.from));
    }
    return new SleepTimes(List.copyOf(more));
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
