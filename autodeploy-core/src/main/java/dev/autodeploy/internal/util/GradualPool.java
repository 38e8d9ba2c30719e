package dev.autodeploy.internal.util;

import dev.autodeploy.spi.Scheduler;
import java.time.Duration;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pool of platform threads for tasks that are short as a rule and may block all the same. A burst
 * gets few threads and waits for them, in order; there are more only while those hardly get on,
 * some at a time, and never more than a limit. So nobody who causes tasks can exhaust the threads
 * of the host.
 *
 * <p>Thread-safe. What is queued at {@link #shutdown} is still run.
 */
final class GradualPool extends ThreadPoolExecutor {
  /** The threads that a burst gets. */
  static final int AT_ONCE = 64;

  /** The most threads. */
  static final int MOST = 1024;

  /** The threads that are added at a look. */
  static final int MORE = 16;

  /** The time between looks, while tasks wait. */
  static final Duration LOOK = Duration.ofMillis(50);

  /**
   * Tasks count as blocked if fewer than this part of the threads ended one since the last look.
   */
  private static final int PART = 4;

  private static final long IDLE_SECONDS = 30;
  private static final Logger LOG = LoggerFactory.getLogger(GradualPool.class);

  private final Scheduler timer;
  private final AtomicBoolean watched = new AtomicBoolean();
  private volatile long doneBefore;

  /**
   * Makes it, without threads.
   *
   * @param role names the threads {@code autodeploy-<role>-<n>}
   */
  GradualPool(String role) {
    this(role, Watch::schedule);
  }

  /**
   * Makes it, without threads.
   *
   * @param timer runs the looks
   */
  GradualPool(String role, Scheduler timer) {
    super(
        0,
        AT_ONCE,
        IDLE_SECONDS,
        TimeUnit.SECONDS,
        new ForIdleThreads(),
        Threads.daemons(role),
        (task, pool) -> ((GradualPool) pool).queue(task));
    this.timer = timer;
  }

  /** The queue, which is offered a task first: it takes that only for a thread that waits. */
  private static final class ForIdleThreads extends LinkedTransferQueue<Runnable> {
    private static final long serialVersionUID = 1L;

    @Override
    public boolean offer(Runnable task) {
      return tryTransfer(task);
    }

    @Override
    public boolean add(Runnable task) {
      return super.offer(task); // that of Java 21.0.2 is the offer above, and would lose the task
    }
  }

  /** The thread of all looks, which is there while there is something to look at. */
  private static final class Watch {
    private static final ScheduledThreadPoolExecutor TIMER = Threads.timer("growth");

    static {
      TIMER.setKeepAliveTime(1, TimeUnit.SECONDS);
      TIMER.allowCoreThreadTimeOut(true);
    }

    static Scheduler.Cancellable schedule(Duration delay, Runnable task) {
      ScheduledFuture<?> look = TIMER.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
      return () -> look.cancel(false);
    }
  }

  @Override
  public void execute(Runnable task) {
    try {
      super.execute(task);
    } catch (OutOfMemoryError e) { // no further thread
      if (getPoolSize() == 0) {
        throw e;
      }
      queue(task);
    }
  }

  private void queue(Runnable task) {
    getQueue().add(task);
    if (isShutdown() && remove(task)) { // perhaps after the last thread has looked
      throw new RejectedExecutionException("the pool is shut down");
    }
    watch();
  }

  private void watch() {
    if (watched.compareAndSet(false, true)) {
      doneBefore = getCompletedTaskCount();
      lookLater();
    }
  }

  private void lookLater() {
    try {
      Scheduler.Cancellable unused = timer.schedule(LOOK, this::look);
    } catch (OutOfMemoryError e) { // no thread for it; the next task that has to wait tries again
      watched.set(false);
    }
  }

  private void look() {
    if (getQueue().isEmpty()) {
      setMaximumPoolSize(AT_ONCE); // threads beyond that end when they have nothing to do
      watched.set(false);
      if (!getQueue().isEmpty()) {
        watch();
      }
      return;
    }
    long done = getCompletedTaskCount();
    if (done - doneBefore <= getPoolSize() / PART) {
      grow();
    }
    doneBefore = done;
    lookLater();
  }

  private void grow() {
    int most = Math.min(MOST, Math.max(getPoolSize(), getMaximumPoolSize()) + MORE);
    setMaximumPoolSize(most);
    try {
      setCorePoolSize(most); // begins as many threads as tasks wait for
    } catch (OutOfMemoryError e) {
      LOG.warn("There is no further thread for {} tasks that wait", getQueue().size());
    } finally {
      setCorePoolSize(0);
    }
  }
}
