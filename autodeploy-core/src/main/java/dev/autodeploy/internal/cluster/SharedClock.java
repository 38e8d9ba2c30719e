package dev.autodeploy.internal.cluster;

import dev.autodeploy.internal.util.Durations;
import dev.autodeploy.spi.Leader;
import dev.autodeploy.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The clock of records of one replica: that of the place of the election, so that what one leader
 * begins and another one ends is measured by one clock. Each answer of the place says what its time
 * was between question and answer; the monotonic clock goes on from there, and is corrected only
 * where that cannot be right. Before the first answer, and where the place has no clock, this is
 * the replica's own.
 *
 * <p>It does not go back, unless the place's clock was set back by a minute or more. Thread-safe;
 * never blocks.
 */
final class SharedClock implements InstantSource {
  private static final Logger LOG = LoggerFactory.getLogger(SharedClock.class);

  /** The difference from which a step back is believed. */
  private static final Duration STEP_BACK = Duration.ofMinutes(1);

  /** The difference of the replica's own clock of which the log tells. */
  private static final Duration WRONG = Duration.ofSeconds(5);

  /** A moment of the place, and the monotonic clock then. */
  private record Point(Instant at, long ticks) {}

  private final InstantSource own;
  private final Ticker ticker;
  private final AtomicReference<Instant> last = new AtomicReference<>(Instant.MIN);
  private volatile @Nullable Point point;
  private long toldIn; // by the thread that asks only

  /**
   * Makes it, before the first answer.
   *
   * @param own the replica's wall clock
   * @param ticker its monotonic clock
   */
  SharedClock(InstantSource own, Ticker ticker) {
    this.own = own;
    this.ticker = ticker;
  }

  @Override
  public Instant instant() {
    Point known = point;
    if (known == null) {
      return own.instant();
    }
    Instant read = at(known, ticker.read());
    Instant latest = last.accumulateAndGet(read, SharedClock::later);
    return latest == null ? read : latest;
  }

  private static Instant at(Point known, long ticks) {
    return known.at.plusNanos(ticks - known.ticks);
  }

  private static Instant later(Instant before, Instant now) {
    boolean back = now.isBefore(before) && now.isAfter(before.minus(STEP_BACK));
    return back ? before : now;
  }

  /**
   * Takes an answer. Called by one thread.
   *
   * @param askedAt the monotonic clock when it was asked for
   * @param answeredAt the monotonic clock when it came
   */
  void heard(long askedAt, long answeredAt, Leader leader) {
    Instant earliest = leader.now();
    if (earliest == null) {
      return;
    }
    Duration trip = Duration.ofNanos(answeredAt - askedAt);
    Instant latest = earliest.plus(trip);
    Point known = point;
    Instant now = known == null ? earliest.plus(trip.dividedBy(2)) : at(known, answeredAt);
    if (now.isBefore(earliest)) {
      now = earliest;
    } else if (now.isAfter(latest)) {
      now = latest;
    }
    point = new Point(now, answeredAt);
    if (leader.epoch() != toldIn) {
      toldIn = leader.epoch();
      tellDifference(now, trip);
    }
  }

  private void tellDifference(Instant now, Duration trip) {
    Duration ahead = Duration.between(now, own.instant());
    if (ahead.abs().compareTo(WRONG.plus(trip)) > 0) {
      LOG.warn(
          "The clock of this machine is {} {} that of the database, by which the ledger, budgets and"
              + " schedules go: set it right",
          Durations.text(Duration.ofSeconds(ahead.abs().toSeconds())),
          ahead.isNegative() ? "behind" : "ahead of");
    }
  }
}
