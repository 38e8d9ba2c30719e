package dev.autodeploy.testing;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool.ManagedBlocker;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A call on a thread of its own that takes turns with its maker: the maker goes on only while the
 * call waits for something, so that the two never run at the same moment.
 */
final class BlockingCall<T extends @Nullable Object> implements Runnable {
  private static final AtomicLong COUNT = new AtomicLong();
  private static final ExecutorService THREADS =
      Executors.newCachedThreadPool(BlockingCall::newThread);
  private static final int YIELDS = 2_000;
  private static final int LOOKS_AT_OTHER_BLOCKERS = 20;

  private final Callable<T> callable;
  private final CompletableFuture<T> result = new CompletableFuture<>();
  private final Thread maker = Thread.currentThread();
  private volatile @Nullable Thread thread;

  BlockingCall(Callable<T> callable) {
    this.callable = callable;
  }

  void start() {
    THREADS.execute(this);
  }

  @Override
  public void run() {
    thread = Thread.currentThread();
    try {
      result.complete(callable.call());
    } catch (Throwable e) {
      result.completeExceptionally(e);
    } finally {
      LockSupport.unpark(maker);
    }
  }

  boolean isCurrentThread() {
    return Thread.currentThread() == thread;
  }

  CompletableFuture<T> result() {
    return result;
  }

  /** Returns true when the call is over, false when it waits for something. */
  // Nothing tells when another thread begins to wait: to look again soon is all there is.
  @SuppressWarnings("ThreadPriorityCheck")
  boolean awaitDoneOrBlocked() {
    int looks = 0;
    for (int i = 0; !result.isDone(); i++) {
      Thread running = thread;
      Object blocker = running == null ? null : LockSupport.getBlocker(running);
      if (blocker instanceof ManagedBlocker future) {
        // Who waits for a future tells exactly whether it has been woken: what the thread's state
        // says lags behind. Once the call is over, its thread waits for the next one.
        if (!future.isReleasable() && !result.isDone()) {
          return false;
        }
      } else if (running != null && blocker != null && isWaiting(running)) {
        if (++looks > LOOKS_AT_OTHER_BLOCKERS && !result.isDone()) {
          return false;
        }
        LockSupport.parkNanos(100_000);
      }
      if (i < YIELDS) {
        Thread.yield();
      } else {
        LockSupport.parkNanos(100_000);
      }
    }
    return true;
  }

  /** Looks once more, after a while, whether the call waits for good. */
  boolean isStuck() {
    LockSupport.parkNanos(200_000_000);
    return !awaitDoneOrBlocked();
  }

  /** Gives the call up and returns the error that says where it waited. */
  IllegalStateException abandon() {
    IllegalStateException error =
        new IllegalStateException(
            "the call waits, and within "
                + ManualTime.PATIENCE.toHours()
                + " h of virtual time nothing is left that could wake it");
    Thread running = thread;
    if (running != null) {
      error.setStackTrace(running.getStackTrace());
      running.interrupt();
    }
    return error;
  }

  private static boolean isWaiting(Thread running) {
    Thread.State state = running.getState();
    return state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING;
  }

  private static Thread newThread(Runnable task) {
    Thread thread = new Thread(task, "autodeploy-testing-call-" + COUNT.incrementAndGet());
    thread.setDaemon(true);
    return thread;
  }
}
