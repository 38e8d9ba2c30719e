package dev.autodeploy.internal.decision;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The times in which an instance slept, one after the other, in nanoseconds of a time line. The
 * first {@link #MOST} are kept as they were; of more, the two with the least time awake between
 * them become one, which keeps their length and moves the later one by no more than that time; but
 * never over a {@linkplain Cuts cut}, so that there may be a few more. Immutable.
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

  /**
   * The moments over which no time is moved: money is counted from them on. These are all at which
   * a period of a budget may begin, which are the quarters of an hour for any time zone, and the
   * last change of the price.
   *
   * @param phase one quarter of an hour on the time line, or {@link Instance#NEVER}
   * @param priced the change of the price, or {@link Instance#NEVER}
   */
  public record Cuts(long phase, long priced) {
    private static final long QUARTER = Duration.ofMinutes(15).toNanos();

    /** None at all. */
    public static final Cuts NONE = new Cuts(Instance.NEVER, Instance.NEVER);

    /** Returns those of a time line on which a moment of the wall clock is known. */
    public static Cuts of(long at, Instant wall) {
      long since = Math.floorMod(wall.getEpochSecond(), QUARTER / 1_000_000_000L);
      return new Cuts(at - since * 1_000_000_000L - wall.getNano(), Instance.NEVER);
    }

    /** Returns these with another change of the price. */
    public Cuts priced(long at) {
      return new Cuts(phase, at);
    }

    boolean between(long from, long to) {
      boolean quarter =
          phase != Instance.NEVER
              && Math.floorDiv(from - phase, QUARTER) < Math.floorDiv(to - 1 - phase, QUARTER);
      return quarter || (priced > from && priced < to);
    }
  }

  /** Returns these and a later one, which begins where the last one ended if not after that. */
  public SleepTimes plus(long from, long to, Cuts cuts) {
    long begin = times.isEmpty() ? from : Math.max(from, times.get(times.size() - 1).to);
    if (to <= begin) {
      return this;
    }
    List<Time> more = new ArrayList<>(times);
    more.add(new Time(begin, to));
    if (more.size() > MOST) {
      int closest = closest(more, cuts);
      if (closest >= 0) {
        Time later = more.remove(closest + 1);
        Time earlier = more.get(closest);
        more.set(closest, new Time(earlier.from, earlier.to + later.to - later.from));
      }
    }
    return new SleepTimes(List.copyOf(more));
  }

  /** Returns which of them has the least time between itself and the next one, or -1 for none. */
  private static int closest(List<Time> times, Cuts cuts) {
    int closest = -1;
    long least = Long.MAX_VALUE;
    for (int i = 0; i + 1 < times.size(); i++) {
      long between = times.get(i + 1).from - times.get(i).to;
      if (between < least && !cuts.between(times.get(i).to, times.get(i + 1).to)) {
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
