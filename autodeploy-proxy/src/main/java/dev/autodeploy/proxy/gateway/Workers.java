package dev.autodeploy.proxy.gateway;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that serve requests: a virtual one for each on Java 24 and newer (before that they
 * would be pinned by the server's own locks), else a pool that grows when all are busy.
 */
public final class Workers implements Executor, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Workers.class);
  private static final String NAME = "autodeploy-proxy-";

  private final ExecutorService executor;
  private final boolean virtual;

  private Workers(ExecutorService executor, boolean virtual) {
    this.executor = executor;
    this.virtual = virtual;
  }

  /**
   * Creates the threads that fit this JVM.
   *
   * @param maxThreads how many platform threads there are at most
   * @return the threads
   */
  public static Workers create(int maxThreads) {
    ExecutorService virtual = virtualOrNull();
    return virtual != null ? new Workers(virtual, true) : platform(maxThreads);
  }

  /**
   * Creates a pool of platform threads.
   *
   * @param maxThreads how many threads there are at most
   * @return the threads
   */
  public static Workers platform(int maxThreads) {
    AtomicInteger number = new AtomicInteger();
    Growing queue = new Growing();
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            Math.min(8, maxThreads),
            maxThreads,
            30,
            TimeUnit.SECONDS,
            queue,
            // Half a megabyte of stack at most, as there may be many.
            task -> {
              Thread thread = new Thread(null, task, NAME + number.getAndIncrement(), 512 * 1024);
              thread.setDaemon(true);
              return thread;
            },
            (task, full) -> {
              if (full.isShutdown()) {
                throw new RejectedExecutionException("the threads have ended");
              }
              queue.put(task);
              if (full.isShutdown() && queue.remove(task)) {
                throw new RejectedExecutionException("the threads have ended");
              }
            });
    pool.allowCoreThreadTimeOut(true);
    return new Workers(pool, false);
  }

  /** Looked up by reflection: the bytecode is for Java 17. */
  private static @Nullable ExecutorService virtualOrNull() {
    if (Runtime.version().feature() < 24) {
      return null;
    }
    try {
      Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
      Class<?> type = Class.forName("java.lang.Thread$Builder$OfVirtual");
      builder = type.getMethod("name", String.class, long.class).invoke(builder, NAME, 0L);
      ThreadFactory factory =
          (ThreadFactory)
              Class.forName("java.lang.Thread$Builder").getMethod("factory").invoke(builder);
      return (ExecutorService)
          Executors.class
              .getMethod("newThreadPerTaskExecutor", ThreadFactory.class)
              .invoke(null, factory);
    } catch (ReflectiveOperationException e) {
      return null;
    }
  }

  /**
   * Returns whether a thread may block for as long as it likes.
   *
   * @return true if they are virtual
   */
  public boolean virtual() {
    return virtual;
  }

  @Override
  public void execute(Runnable task) {
    try {
      executor.execute(task);
    } catch (RejectedExecutionException e) {
      task.run(); // the threads have ended
    }
  }

  /** Ends the threads. What still waits for one runs here, as it may have a lease to give back. */
  @Override
  public void close() {
    for (Runnable left : executor.shutdownNow()) {
      try {
        left.run();
      } catch (RuntimeException e) {
        LOG.warn("A request could not be ended in order", e);
      }
    }
  }

  /** Refuses a task that no idle thread waits for, so that the pool grows before it queues. */
  private static final class Growing extends LinkedTransferQueue<Runnable> {
    private static final long serialVersionUID = 1L;

    @Override
    public boolean offer(Runnable task) {
      return tryTransfer(task);
    }
  }
}
