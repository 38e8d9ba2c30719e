package dev.autodeploy.testing;

import dev.autodeploy.spi.Scheduler.Cancellable;
import java.util.PriorityQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The timers of a {@link ManualTime} by the moment at which they are due, and in the order in which
 * they were scheduled where that is the same. Guarded by the lock of the time.
 */
final class TimerQueue {
  private static final int MANY_CANCELLED = 256;

  private final ReentrantLock lock;
  private final PriorityQueue<Timer> timers = new PriorityQueue<>();
  private long scheduled;
  private int cancelled;

  TimerQueue(ReentrantLock lock) {
    this.lock = lock;
  }

  Timer add(long due, Runnable task) {
    Timer timer = new Timer(this, due, scheduled++, task);
    timers.add(timer);
    return timer;
  }

  /** Returns when the next timer is due, or {@link Long#MAX_VALUE} if there is none. */
  long nextDue() {
    for (Timer first = timers.peek(); first != null && first.task == null; first = timers.peek()) {
      remove(first);
      cancelled--;
    }
    Timer first = timers.peek();
    return first == null ? Long.MAX_VALUE : first.due;
  }

  /** Takes the first timer that is due and was not cancelled, or returns null. */
  @Nullable Runnable pollDue(long now) {
    if (nextDue() > now) {
      return null;
    }
    Timer first = timers.peek();
    if (first != null) {
      remove(first);
    }
    return first;
  }

  private void remove(Timer first) {
    timers.poll();
    first.queued = false;
  }

  private void cancel(Timer timer) {
    lock.lock();
    try {
      if (timer.task == null) {
        return;
      }
      timer.task = null;
      if (timer.queued && ++cancelled > MANY_CANCELLED && cancelled > timers.size() / 2) {
        timers.removeIf(t -> t.task == null);
        cancelled = 0;
      }
    } finally {
      lock.unlock();
    }
  }

  /** A task with the moment at which it is due; a cancelled one has no task. */
  static final class Timer implements Cancellable, Runnable, Comparable<Timer> {
    private final TimerQueue queue;
    private final long due;
    private final long order;
    private @Nullable Runnable task;
    private boolean queued = true;

    private Timer(TimerQueue queue, long due, long order, Runnable task) {
      this.queue = queue;
      this.due = due;
      this.order = order;
      this.task = task;
    }

    @Override
    public int compareTo(Timer other) {
      int byTime = Long.compare(due, other.due);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }

    @Override
    public void run() {
      Runnable toRun = task;
      task = null;
      if (toRun != null) {
        toRun.run();
      }
    }

    @Override
    public void cancel() {
      queue.cancel(this);
    }
  }
}
