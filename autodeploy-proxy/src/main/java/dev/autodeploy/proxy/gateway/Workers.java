package dev.autodeploy.proxy.gateway;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The threads that serve requests: a virtual one for each on Java 24 and newer (before that they
 * would be pinned by the server's own locks), else a pool that grows when all are busy.
 */
public final class Workers implements Executor, AutoCloseable {
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
            (task, full) -> queue.put(task));
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
    executor.execute(task);
  }

  @Override
  public void close() {
    executor.shutdownNow();
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
