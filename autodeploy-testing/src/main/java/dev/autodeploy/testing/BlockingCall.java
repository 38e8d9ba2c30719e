package dev.autodeploy.testing;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool.ManagedBlocker;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A call on a thread of its own that takes turns with its maker: the maker goes on only while the
 * call waits for something, so that the two never run at the same moment.
 */
final class BlockingCall<T extends @Nullable Object> {
  private static final AtomicLong COUNT = new AtomicLong();
  private static final int SPINS = 1000;
  private static final int LOOKS_AT_OTHER_BLOCKERS = 20;

  private final CompletableFuture<T> result = new CompletableFuture<>();
  private final Thread thread;

  BlockingCall(Callable<T> callable) {
    thread = new Thread(() -> run(callable), "autodeploy-testing-call-" + COUNT.incrementAndGet());
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  boolean isCurrentThread() {
    return Thread.currentThread() == thread;
  }

  CompletableFuture<T> result() {
    return result;
  }

  /** Returns true when the call is over, false when it waits for something. */
  boolean awaitDoneOrBlocked() {
    int looks = 0;
    for (int i = 0; thread.isAlive(); i++) {
      Object blocker = LockSupport.getBlocker(thread);
      if (blocker instanceof ManagedBlocker future) {
        // Who waits for a future tells exactly whether it has been woken: what the thread's state
        // says lags behind.
        if (!future.isReleasable()) {
          return false;
        }
      } else if (blocker != null && isWaiting()) {
        if (++looks > LOOKS_AT_OTHER_BLOCKERS) {
          return false;
        }
        LockSupport.parkNanos(100_000);
      }
      if (i < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(i < 10 * SPINS ? 1_000 : 1_000_000);
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
    error.setStackTrace(thread.getStackTrace());
    thread.interrupt();
    return error;
  }

  private boolean isWaiting() {
    Thread.State state = thread.getState();
    return state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING;
  }

  private void run(Callable<T> callable) {
    try {
      result.complete(callable.call());
    } catch (Throwable e) {
      result.completeExceptionally(e);
    }
  }
}
