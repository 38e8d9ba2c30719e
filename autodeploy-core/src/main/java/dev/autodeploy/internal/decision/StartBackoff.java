package dev.autodeploy.internal.decision;

import dev.autodeploy.StartFailure;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The delay of starts after some have failed in a row, and the last failure. */
final class StartBackoff {
  private int failuresInARow;
  private long until = Long.MIN_VALUE;
  private @Nullable StartFailure lastFailure;

  /** Returns which failure in a row the next one is. */
  int nextAttempt() {
    return failuresInARow + 1;
  }

  /** Returns how long starts are held back after one more failure. */
  Duration failed(long now, StartFailure failure, Duration first, Duration max) {
    failuresInARow++;
    lastFailure = failure;
    Duration wait = doubled(first, max, failuresInARow);
    until = now + wait.toNanos();
    return wait;
  }

  void reset() {
    failuresInARow = 0;
    until = Long.MIN_VALUE;
    lastFailure = null;
  }

  boolean holds(long now) {
    return now < until;
  }

  long until() {
    return until;
  }

  @Nullable StartFailure lastFailure() {
    return lastFailure;
  }

  /** Returns first, 2 first, 4 first... for the attempts 1, 2, 3..., up to a maximum. */
  static Duration doubled(Duration first, Duration max, int attempt) {
    int shift = Math.min(Math.max(0, attempt - 1), 30);
    Duration value = first.multipliedBy(1L << shift);
    return value.compareTo(max) > 0 ? max : value;
  }
}
