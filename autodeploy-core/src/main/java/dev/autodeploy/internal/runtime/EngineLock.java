package dev.autodeploy.internal.runtime;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The lock around the set of an engine's deployments. Effects of decisions that are taken under it
 * may run foreign code, so they are put off until it is left. It may be held when a deployment's
 * lock is taken, never the other way round.
 */
public final class EngineLock {
  private final ReentrantLock lock = new ReentrantLock();

  /** The actions put off, in order; guarded by the lock. */
  private final Queue<Runnable> afterwards = new ArrayDeque<>();

  /** Does something under the lock, and afterwards whatever was put off meanwhile. */
  public <T extends @Nullable Object> T locked(Supplier<T> action) {
    List<Runnable> due = List.of();
    lock.lock();
    try {
      return action.get();
    } finally {
      if (lock.getHoldCount() == 1) {
        due = List.copyOf(afterwards);
        afterwards.clear();
      }
      lock.unlock();
      due.forEach(Runnable::run);
    }
  }

  /** Does something under the lock, and afterwards whatever was put off meanwhile. */
  public void locked(Runnable action) {
    this.<@Nullable Object>locked(
        () -> {
          action.run();
          return null;
        });
  }

  /** Does something at once, or, if this thread holds the lock, as soon as it has left it. */
  public void afterwards(Runnable action) {
    if (lock.isHeldByCurrentThread()) {
      afterwards.add(action);
    } else {
      action.run();
    }
  }
}
