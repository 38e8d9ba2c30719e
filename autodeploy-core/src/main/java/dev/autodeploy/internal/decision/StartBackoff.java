package dev.autodeploy.internal.decision;

import dev.autodeploy.StartFailure;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The delay of starts after some have failed in a row, and the last failure. */
public final class StartBackoff {
  private int failuresInARow;
  private long until = Long.MIN_VALUE;
  private @Nullable StartFailure lastFailure;
  private long lastFailureAt;

  /** Returns which failure in a row the next one is. */
  int nextAttempt() {
    return failuresInARow + 1;
  }

  /** Returns how long starts are held back after one more failure. */
  Duration failed(long now, StartFailure failure, Duration first, Duration max) {
    failuresInARow++;
    lastFailure = failure;
    lastFailureAt = now;
    Duration wait = doubled(first, max, failuresInARow);
    until = now + wait.toNanos();
    return wait;
  }

  /** Notes the failure of an instance that had started: nothing is held back. */
  void noted(long now, StartFailure failure) {
    lastFailure = failure;
    lastFailureAt = now;
  }

  void reset() {
    failuresInARow = 0;
    until = Long.MIN_VALUE;
    lastFailure = null;
  }

  boolean holds(long now) {
    return now < until;
  }

  /** Returns until when starts are held back, or a moment in the past. */
  public long until() {
    return until;
  }

  public @Nullable StartFailure lastFailure() {
    return lastFailure;
  }

  /** Returns when the last start failed, if one did since the last that succeeded. */
  public long lastFailureAt() {
    return lastFailureAt;
  }

  /** Returns first, 2 first, 4 first... for the attempts 1, 2, 3..., up to a maximum. */
  static Duration doubled(Duration first, Duration max, int attempt) {
    int shift = Math.min(Math.max(0, attempt - 1), 30);
    Duration value = first.multipliedBy(1L << shift);
    return value.compareTo(max) > 0 ? max : value;
  }
}
