package dev.autodeploy.replay;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.util.Arguments;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Requests of the past: when each came, and how long it kept an instance busy. In the order in
 * which they came; exact to the microsecond. Immutable and thread-safe.
 */
public final class Traffic {
  private final long[] at;

  /** The complement for a request that gave up. */
  private final long[] busy;

  private final Instant from;
  private final Instant until;

  private Traffic(Builder builder) {
    int size = builder.size;
    long[] times = Arrays.copyOf(builder.at, size);
    long[] durations = Arrays.copyOf(builder.busy, size);
    if (!isSorted(times)) {
      int[] order =
          IntStream.range(0, size)
              .boxed()
              .sorted(Comparator.comparingLong(i -> builder.at[i]))
              .mapToInt(Integer::intValue)
              .toArray();
      for (int i = 0; i < size; i++) {
        times[i] = builder.at[order[i]];
        durations[i] = builder.busy[order[i]];
      }
    }
    at = times;
    busy = durations;
    Instant first = size == 0 ? Instant.EPOCH : at(0);
    Instant start = builder.from;
    from = start == null || (size > 0 && first.isBefore(start)) ? first : start;
    Instant end = builder.until == null ? lastEnd() : builder.until;
    until = end.isBefore(from) ? from : end;
  }

  private static boolean isSorted(long[] times) {
    for (int i = 1; i < times.length; i++) {
      if (times[i] < times[i - 1]) {
        return false;
      }
    }
    return true;
  }

  private Instant lastEnd() {
    Instant end = from;
    for (int i = 0; i < at.length; i++) {
      Instant ended = at(i).plus(busy(i));
      end = ended.isAfter(end) ? ended : end;
    }
    return end;
  }

  /**
   * Returns a builder without requests.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns how many requests there are.
   *
   * @return their number
   */
  public int size() {
    return at.length;
  }

  /**
   * Returns when a request came.
   *
   * @param request which one, from 0
   * @return the moment
   */
  public Instant at(int request) {
    return instant(at[request]);
  }

  /**
   * Returns how long a request kept an instance busy, or how long one waited that gave up.
   *
   * @param request which one, from 0
   * @return the time, from having an instance to the end of the response
   */
  public Duration busy(int request) {
    long micros = busy[request];
    return Duration.of(micros < 0 ? ~micros : micros, ChronoUnit.MICROS);
  }

  /**
   * Returns whether a request left before it had an instance.
   *
   * @param request which one, from 0
   * @return whether it gave up waiting
   */
  public boolean gaveUp(int request) {
    return busy[request] < 0;
  }

  /**
   * Returns when the period begins that the requests are of.
   *
   * @return the moment
   */
  public Instant from() {
    return from;
  }

  /**
   * Returns when that period ends.
   *
   * @return the moment
   */
  public Instant until() {
    return until;
  }

  private static long micros(Instant moment) {
    try {
      return ChronoUnit.MICROS.between(Instant.EPOCH, moment);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(moment + " is too far away", e);
    }
  }

  private static Instant instant(long micros) {
    return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
  }

  @Override
  public String toString() {
    return "Traffic[" + at.length + " requests from " + from + " until " + until + "]";
  }

  /** Collects requests, in any order. Not thread-safe. */
  public static final class Builder {
    private long[] at = new long[64];
    private long[] busy = new long[64];
    private int size;
    private @Nullable Instant from;
    private @Nullable Instant until;

    private Builder() {}

    /**
     * Adds a request that was served.
     *
     * @param moment when it came
     * @param duration how long it kept an instance busy
     * @return this builder
     */
    public Builder add(Instant moment, Duration duration) {
      Arguments.notNegative("duration", duration);
      return put(moment, duration.toNanos() / 1000);
    }

    /**
     * Adds a request that gave up before it had an instance.
     *
     * @param moment when it came
     * @param waited after how long it gave up
     * @return this builder
     */
    public Builder addGivenUp(Instant moment, Duration waited) {
      Arguments.notNegative("waited", waited);
      return put(moment, ~(waited.toNanos() / 1000));
    }

    private Builder put(Instant moment, long value) {
      requireNonNull(moment, "moment");
      if (size == at.length) {
        at = Arrays.copyOf(at, 2 * size);
        busy = Arrays.copyOf(busy, 2 * size);
      }
      at[size] = micros(moment);
      busy[size++] = value;
      return this;
    }

    /**
     * Sets when the period begins. Default: with the first request, which it cannot come after.
     *
     * @param moment the moment
     * @return this builder
     */
    public Builder from(Instant moment) {
      from = requireNonNull(moment, "moment");
      return this;
    }

    /**
     * Sets when the period ends; requests after that do not count. Default: when the last request
     * has ended.
     *
     * @param moment the moment
     * @return this builder
     */
    public Builder until(Instant moment) {
      until = requireNonNull(moment, "moment");
      return this;
    }

    /**
     * Returns the requests added so far.
     *
     * @return the requests
     */
    public Traffic build() {
      return new Traffic(this);
    }
  }
}
