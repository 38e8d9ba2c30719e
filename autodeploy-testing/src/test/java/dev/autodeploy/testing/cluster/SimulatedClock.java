package dev.autodeploy.testing.cluster;

import dev.autodeploy.spi.Ticker;
import dev.autodeploy.testing.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * The clocks of one machine: a wall clock that is wrong, drifts and is stepped, and a monotonic one
 * that runs a little too fast or too slow.
 */
final class SimulatedClock implements InstantSource, Ticker {
  private final ManualTime time;

  /** By how much the monotonic clock is too fast, in parts of ten thousand. */
  private final long tickerDrift;

  /** The same of the wall clock. */
  private final long wallDrift;

  private Duration offset;

  SimulatedClock(ManualTime time, long tickerDrift, long wallDrift, Duration offset) {
    this.time = time;
    this.tickerDrift = tickerDrift;
    this.wallDrift = wallDrift;
    this.offset = offset;
  }

  /** Steps the wall clock to another error. */
  void step(Duration wrongBy) {
    offset = wrongBy;
  }

  @Override
  public Instant instant() {
    return time.instant().plus(offset).plusNanos(time.read() / 10_000 * wallDrift);
  }

  @Override
  public long read() {
    return time.read() + time.read() / 10_000 * tickerDrift;
  }

  /** Returns how long it takes until the monotonic clock has gone on by some nanoseconds. */
  long takes(long nanos) {
    return nanos - nanos / 10_000 * tickerDrift;
  }
}
