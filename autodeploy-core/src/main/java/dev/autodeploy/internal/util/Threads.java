package dev.autodeploy.internal.util;

import java.lang.reflect.InvocationTargetException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Makes the engine's own threads: virtual ones where the JVM is 24 or newer, since before that a
 * virtual thread that blocks in the JDK's own locked streams holds on to its carrier.
 */
public final class Threads {
  private static final int FIRST_WITHOUT_PINNING = 24;

  private Threads() {}

  /**
   * Returns an executor with a thread for each task.
   *
   * @param role names the threads {@code autodeploy-<role>-<n>}
   */
  public static ExecutorService perTask(String role) {
    if (Runtime.version().feature() >= FIRST_WITHOUT_PINNING) {
      return virtual(role);
    }
    return Executors.newCachedThreadPool(daemons(role));
  }

  /**
   * Returns a timer with a daemon thread of its own.
   *
   * @param role names the thread {@code autodeploy-<role>-0}
   */
  public static ScheduledThreadPoolExecutor timer(String role) {
    ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, daemons(role));
    timer.setRemoveOnCancelPolicy(true);
    return timer;
  }

  /** Returns a factory of daemon threads that are named {@code autodeploy-<role>-<n>}. */
  public static ThreadFactory daemons(String role) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, "autodeploy-" + role + "-" + number.getAndIncrement());
      thread.setDaemon(true);
      return thread;
    };
  }

  /**
   * Returns an executor for tasks that the host's own executor rejects, as after its shutdown: each
   * runs on a daemon thread of its own, or on the calling thread if none can be created.
   */
  public static Executor fallback() {
    ThreadFactory threads = daemons("fallback");
    return task -> {
      try {
        threads.newThread(task).start();
      } catch (OutOfMemoryError e) {
        task.run();
      }
    };
  }

  private static ExecutorService virtual(String role) {
    try {
      Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
      Class<?> type = Class.forName("java.lang.Thread$Builder");
      builder =
          type.getMethod("name", String.class, long.class)
              .invoke(builder, "autodeploy-" + role + "-", 0L);
      ThreadFactory factory = (ThreadFactory) type.getMethod("factory").invoke(builder);
      return (ExecutorService)
          Executors.class
              .getMethod("newThreadPerTaskExecutor", ThreadFactory.class)
              .invoke(null, factory);
    } catch (ClassNotFoundException
        | NoSuchMethodException
        | IllegalAccessException
        | InvocationTargetException e) {
      throw new IllegalStateException("this JVM has no virtual threads", e);
    }
  }
}
