package dev.autodeploy.internal.process;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that maintain the processes of a provider: several, so that one which waits for a
 * slow disk does not keep the others. Thread-safe.
 */
final class MaintenanceThread implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MaintenanceThread.class);
  private static final int THREADS = 4;
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final ScheduledExecutorService executor =
      Executors.newScheduledThreadPool(THREADS, MaintenanceThread::thread);

  /** Runs a task soon; nothing is run once this is closed. */
  void submit(Runnable task) {
    schedule(Duration.ZERO, task);
  }

  /** Runs a task after a delay. */
  void schedule(Duration delay, Runnable task) {
    try {
      var unused = executor.schedule(() -> guarded(task), delay.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      LOG.debug("The maintenance of local processes has ended");
    }
  }

  /** Runs a task now, and again after each pause. */
  void scheduleAtInterval(Duration pause, Runnable task) {
    submit(
        () -> {
          try {
            guarded(task);
          } finally {
            schedule(pause, () -> scheduleAtInterval(pause, task));
          }
        });
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }

  private static void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      LOG.warn("The maintenance of local processes failed once; it continues: {}", e.toString(), e);
    }
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "autodeploy-process-" + COUNT.incrementAndGet());
    thread.setDaemon(true);
    return thread;
  }
}
