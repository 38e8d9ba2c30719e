package dev.autodeploy.internal.runtime;

import dev.autodeploy.internal.util.Threads;
import dev.autodeploy.spi.Scheduler;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * The timers of an engine, on the host's scheduler or, if that refuses, on the JDK's own: what must
 * not depend on it, such as that an instance is released after the host has shut it down.
 */
public final class Timers implements Scheduler {
  private static final Executor FALLBACK = Threads.fallback();

  private final Scheduler scheduler;

  public Timers(Scheduler scheduler) {
    this.scheduler = scheduler;
  }

  /** Runs a task once after a delay. */
  @Override
  public Cancellable schedule(Duration delay, Runnable task) {
    try {
      return scheduler.schedule(delay, task);
    } catch (RuntimeException | Error e) {
      return scheduleOnSystemTimer(delay, task);
    }
  }

  /** Runs a task once after a delay, by the JDK's own timer. */
  public static Cancellable scheduleOnSystemTimer(Duration delay, Runnable task) {
    CompletableFuture<Void> timer = new CompletableFuture<>();
    // Not on its thread, which the whole process shares: a task may block.
    timer
        .completeOnTimeout(null, delay.toNanos(), TimeUnit.NANOSECONDS)
        .thenRunAsync(task, FALLBACK);
    return () -> timer.cancel(false);
  }
}
