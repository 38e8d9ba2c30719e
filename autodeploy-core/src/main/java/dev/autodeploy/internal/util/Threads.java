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
   * Returns an executor with a thread for each task, for what blocks as a rule, and of which there
   * is not more than the settings say.
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
   * Returns an executor for tasks of which callers cause any number at once, and which do not block
   * as a rule: with a virtual thread for each of them, or with up to 1024 platform threads, which
   * begin a few at a time.
   *
   * @param role names the threads {@code autodeploy-<role>-<n>}
   */
  public static ExecutorService perBurst(String role) {
    if (Runtime.version().feature() >= FIRST_WITHOUT_PINNING) {
      return virtual(role);
    }
    return new GradualPool(role);
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
   * Returns an executor for tasks that the host's own executor rejects, as after its shutdown: they
   * run on up to 1024 daemon threads, or on the calling thread if none can be created.
   */
  public static Executor fallback() {
    Executor threads = new GradualPool("fallback");
    return task -> {
      try {
        threads.execute(task);
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
