package dev.autodeploy.internal.util;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Tasks that block on purpose, and the threads that they take. */
public final class BlockedThreads {
  private BlockedThreads() {}

  /** Blocks the thread until the latch opens. */
  public static void block(CountDownLatch latch) {
    try {
      latch.await(1, TimeUnit.HOURS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns the number of threads whose names begin so. */
  public static long count(String prefix) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(it -> it.getName().startsWith(prefix))
        .count();
  }
}
