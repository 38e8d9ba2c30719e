package dev.autodeploy.internal.engine;

import dev.autodeploy.spi.Scheduler;
import dev.autodeploy.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Time that a test moves, with the timers and tasks of an engine. One thread moves it. */
final class FakeTime implements Ticker, InstantSource, Scheduler {
  static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private static final Duration FOREVER = Duration.ofDays(36_500);

  private final Queue<Runnable> tasks = new ArrayDeque<>();
  private final PriorityQueue<Timer> timers =
      new PriorityQueue<>(Comparator.<Timer>comparingLong(t -> t.due).thenComparingLong(t -> t.id));
  private volatile long nanos;
  private long ids;
  private volatile boolean refusing;
  private boolean refusingTimers;
  private @Nullable RuntimeException nextFailure;

  @Override
  public long read() {
    return nanos;
  }

  @Override
  public Instant instant() {
    return START.plusNanos(nanos);
  }

  @Override
  public synchronized Cancellable schedule(Duration delay, Runnable task) {
    RuntimeException failure = nextFailure;
    if (failure != null) {
      nextFailure = null;
      throw failure;
    }
    if (refusingTimers) {
      throw new RejectedExecutionException("shut down");
    }
    long wait = delay.compareTo(FOREVER) > 0 ? FOREVER.toNanos() : delay.toNanos();
    Timer timer = new Timer(nanos + Math.max(0, wait), ids++, task);
    timers.add(timer);
    return () -> cancel(timer);
  }

  private synchronized void cancel(Timer timer) {
    timers.remove(timer);
  }

  /** Returns an executor whose tasks run when the time is moved. */
  Executor executor() {
    return this::add;
  }

  private synchronized void add(Runnable task) {
    if (refusing) {
      throw new RejectedExecutionException("shut down");
    }
    tasks.add(task);
  }

  /** From now on the executors refuse every task, as when the host has shut them down. */
  void refuseTasks() {
    refusing = true;
  }

  /** From now on no timer can be set, as when the host has shut the scheduler down. */
  synchronized void refuseTimers() {
    refusingTimers = true;
  }

  /** The next timer cannot be set. */
  void failNextSchedule() {
    failNextSchedule(new IllegalStateException("no timer"));
  }

  /** Likewise, for this reason. */
  synchronized void failNextSchedule(RuntimeException failure) {
    nextFailure = failure;
  }

  /** Drops all tasks and timers, as when a process is killed. */
  synchronized void forgetEverything() {
    tasks.clear();
    timers.clear();
  }

  /** Runs all tasks, and the timers that are due. */
  void run() {
    pass(Duration.ZERO);
  }

  /** Runs one task; returns whether there was one. */
  boolean runOne() {
    Runnable task = nextTask();
    if (task != null) {
      task.run();
    }
    return task != null;
  }

  void pass(Duration duration) {
    long target = nanos + duration.toNanos();
    runTasks();
    while (toNextTimer(target)) {
      runTasks();
    }
    nanos = Math.max(nanos, target); // a task may have let more time pass
  }

  void passSeconds(long seconds) {
    pass(Duration.ofSeconds(seconds));
  }

  /** Lets time pass in which no task and no timer gets its turn. */
  synchronized void stall(Duration duration) {
    nanos += duration.toNanos();
  }

  /** Calls what blocks until time passes, and lets it pass. */
  <T> T call(Callable<T> callable) {
    FutureTask<T> call = new FutureTask<>(callable);
    Thread thread = new Thread(call, "test-caller");
    thread.start();
    while (!call.isDone()) {
      // In this order: a thread that waits hands in no task after it was found waiting.
      boolean waits = waitsForAFuture(thread);
      if (!runOne() && waits) {
        toNextTimer(Long.MAX_VALUE);
      }
      Thread.onSpinWait();
    }
    try {
      return call.get();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    } catch (java.util.concurrent.ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new CompletionException(e.getCause());
    }
  }

  /** Returns whether a thread waits for a future that is not done: what is done wakes it anyway. */
  private static boolean waitsForAFuture(Thread thread) {
    return LockSupport.getBlocker(thread) instanceof ForkJoinPool.ManagedBlocker blocker
        && !blocker.isReleasable();
  }

  private void runTasks() {
    boolean ran = runOne();
    while (ran) {
      ran = runOne();
    }
  }

  private boolean toNextTimer(long target) {
    Timer timer;
    synchronized (this) {
      timer = timers.peek();
      if (timer == null || timer.due > target) {
        return false;
      }
      timers.poll();
      nanos = Math.max(nanos, timer.due);
    }
    timer.task.run();
    return true;
  }

  private synchronized @Nullable Runnable nextTask() {
    return tasks.poll();
  }

  private record Timer(long due, long id, Runnable task) {}
}
