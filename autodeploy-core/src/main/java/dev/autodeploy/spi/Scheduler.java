package dev.autodeploy.spi;

import java.time.Duration;

/** Runs a task once after a delay. Thread-safe. */
public interface Scheduler {

  /**
   * Runs a task once after a delay. Tasks are short: they hand anything that blocks to an executor.
   *
   * @param delay how long to wait; zero or less means at once, but not on the calling thread
   * @param task what to run
   * @return for cancelling it
   */
  Cancellable schedule(Duration delay, Runnable task);

  /** A scheduled task that can be cancelled. */
  @FunctionalInterface
  interface Cancellable {
    /** Gives the task up, if it has not begun. Idempotent. */
    void cancel();
  }
}
