package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.Schedule;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A deployment's schedule on its time line: what is in force by the last time of day that was told.
 * The clock of records may be set, forward or back, so that is looked at again with each event, and
 * at least every quarter of an hour.
 */
final class OpeningHours {
  private static final long LONGEST_LOOK_AHEAD = Duration.ofMinutes(15).toNanos();

  /** The state in force without a schedule. */
  static final Schedule.State ALWAYS = new Schedule.State(false, 0, null, null);

  /** Before the time of day is known nothing is kept; it is told before anybody asks. */
  private static final Schedule.State UNTOLD = new Schedule.State(true, 0, null, null);

  private final Schedule schedule;
  private Schedule.State state = UNTOLD;
  private @Nullable Instant since;
  private Instant wall = Instant.EPOCH;
  private long wallAt = Long.MIN_VALUE;

  OpeningHours(Schedule schedule) {
    this.schedule = schedule;
  }

  Schedule.State state() {
    return state;
  }

  /** Takes note of the time of day; returns whether something else is in force than before. */
  @SuppressWarnings("ReferenceEquality") // nothing told yet is no state that was told
  boolean tell(long now, Instant newWall) {
    wall = newWall;
    wallAt = now;
    Instant until = state.until();
    if (since != null && !newWall.isBefore(since) && (until == null || newWall.isBefore(until))) {
      return false;
    }
    Schedule.State before = state;
    state = schedule.at(newWall);
    since = newWall;
    return before == UNTOLD
        || state.closed() != before.closed()
        || state.warm() != before.warm()
        || (state.idleTimeout() == null
            ? before.idleTimeout() != null
            : !state.idleTimeout().equals(before.idleTimeout()));
  }

  /** Returns when the time of day is to be looked at next. */
  long nextLook() {
    Instant until = state.until();
    if (until == null || wallAt == Long.MIN_VALUE) {
      return NEVER;
    }
    Duration left = Duration.between(wall, until);
    return wallAt
        + (left.toSeconds() > LONGEST_LOOK_AHEAD / 1_000_000_000
            ? LONGEST_LOOK_AHEAD
            : Math.max(0, left.toNanos()));
  }

  Instant wall() {
    return wall;
  }

  @Nullable Instant opensAt() {
    return schedule.opensAt(wall);
  }
}
