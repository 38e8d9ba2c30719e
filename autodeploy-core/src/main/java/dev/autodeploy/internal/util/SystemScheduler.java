package dev.autodeploy.internal.util;

import dev.autodeploy.spi.Scheduler;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Timers on one daemon thread. */
public final class SystemScheduler implements Scheduler {
  /** The longest delay: a later task never comes, and its nanoseconds would not fit a long. */
  private static final Duration LONGEST = Duration.ofDays(36_500);

  private final ScheduledThreadPoolExecutor executor = Threads.timer("timer");

  @Override
  public Cancellable schedule(Duration delay, Runnable task) {
    long nanos = delay.compareTo(LONGEST) > 0 ? LONGEST.toNanos() : delay.toNanos();
    Future<?> future = executor.schedule(task, nanos, TimeUnit.NANOSECONDS);
    return () -> future.cancel(false);
  }

  public void close() {
    executor.shutdownNow();
  }
}
