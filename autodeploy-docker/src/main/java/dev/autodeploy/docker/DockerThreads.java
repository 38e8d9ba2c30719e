package dev.autodeploy.docker;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The threads of one provider: workers, which may block, and a timer, which hands over only. */
final class DockerThreads {
  private static final Logger LOG = LoggerFactory.getLogger(DockerThreads.class);

  private final AtomicInteger number = new AtomicInteger();
  private final ScheduledExecutorService timers =
      Executors.newSingleThreadScheduledExecutor(task -> thread(task, "autodeploy-docker-timer-0"));
  private final ExecutorService workers =
      Executors.newCachedThreadPool(
          task -> thread(task, "autodeploy-docker-" + number.incrementAndGet()));

  ScheduledExecutorService timers() {
    return timers;
  }

  Executor workers() {
    return workers;
  }

  /** Runs a task on a worker and logs its failure. */
  void submit(Runnable task) {
    quietly(() -> workers.execute(() -> quietly(task)));
  }

  /** Runs a task periodically on a worker and logs its failures. */
  void scheduleAtInterval(Duration pause, Runnable task) {
    timers.scheduleWithFixedDelay(
        () -> submit(task), pause.toMillis(), pause.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Stops the timer; running tasks finish. */
  void close() {
    timers.shutdownNow();
    workers.shutdown();
  }

  static void quietly(Runnable task) {
    try {
      task.run();
    } catch (DockerDaemonException e) {
      LOG.debug("{}", e.getMessage());
    } catch (RejectedExecutionException e) {
      LOG.debug("The provider is closed");
    } catch (Throwable e) {
      // A timer that met it would not go off again.
      LOG.error("A task of the Docker provider failed", e);
    }
  }

  private static Thread thread(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }
}
