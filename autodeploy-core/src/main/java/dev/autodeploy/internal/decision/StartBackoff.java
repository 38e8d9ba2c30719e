package dev.autodeploy.internal.decision;

import dev.autodeploy.StartFailure;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The delay of starts after some have failed in a row, and the last failure. */
public final class StartBackoff {

  /**
   * The failures since the last start that succeeded.
   *
   * @param inARow how many starts have failed in a row
   * @param until until when the next is held back
   * @param last the last failure
   * @param lastAt when that was
   */
  private record Failures(int inARow, long until, @Nullable StartFailure last, long lastAt) {
    static final Failures NONE = new Failures(0, Long.MIN_VALUE, null, 0);
  }

  private Failures failures = Failures.NONE;

  /** Returns which failure in a row the next one is. */
  int nextAttempt() {
    return failures.inARow + 1;
  }

  /** Returns how long starts are held back after one more failure. */
  Duration failed(long now, StartFailure failure, Duration first, Duration max) {
    int attempt = nextAttempt();
    Duration wait = doubled(first, max, attempt);
    failures = new Failures(attempt, now + wait.toNanos(), failure, now);
    return wait;
  }

  /** Notes the failure of an instance that had started: nothing is held back. */
  void noted(long now, StartFailure failure) {
    failures = new Failures(failures.inARow, failures.until, failure, now);
  }

  void reset() {
    failures = Failures.NONE;
  }

  boolean holds(long now) {
    return now < failures.until;
  }

  /** Returns until when starts are held back, or a moment in the past. */
  public long until() {
    return failures.until;
  }

  public @Nullable StartFailure lastFailure() {
    return failures.last;
  }

  /** Returns when the last start failed, if one did since the last that succeeded. */
  public long lastFailureAt() {
    return failures.lastAt;
  }

  /** Returns first, 2 first, 4 first... for the attempts 1, 2, 3..., up to a maximum. */
  static Duration doubled(Duration first, Duration max, int attempt) {
    int shift = Math.min(Math.max(0, attempt - 1), 30);
    Duration value = first.multipliedBy(1L << shift);
    return value.compareTo(max) > 0 ? max : value;
  }
}
