package dev.autodeploy.console;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The threads of a page's own server. A client that sends its request or takes its response too
 * slowly is disconnected after a deadline; and when all threads are taken, the clients that have
 * held one for the longest are disconnected before, so that slow clients cannot stop the page. One
 * that takes what it gets has let go of its thread long before its turn would come. Thread-safe.
 *
 * <p>The JDK's server reads the head of a request on such a thread, without a limit of its own. Its
 * streams are those of an interruptible channel: an interrupt closes the connection.
 */
final class ServerWorkers implements Executor, AutoCloseable {
  /** The longest time that a client may take for the head of a request, its body, or a response. */
  static final Duration CLIENT_LIMIT = Duration.ofSeconds(10);

  /** The time that a client is given even when all threads are taken. */
  static final Duration CLIENT_GRACE = Duration.ofMillis(500);

  static final int THREADS = 64;

  private static final long WATCH_MILLIS = 250;
  private static final ThreadLocal<@Nullable Worker> CURRENT = new ThreadLocal<>();

  private final long limitNanos;
  private final long graceNanos;
  private final ThreadPoolExecutor executor;
  private final ScheduledExecutorService watcher;
  private final ReentrantLock lock = new ReentrantLock();

  /** The workers whose client holds them up, the longest first. Guarded by the lock. */
  private final Set<Worker> waiting = new LinkedHashSet<>();

  ServerWorkers(Duration limit) {
    this(limit, limit.compareTo(CLIENT_GRACE) < 0 ? limit : CLIENT_GRACE);
  }

  ServerWorkers(Duration limit, Duration grace) {
    limitNanos = limit.toNanos();
    graceNanos = grace.toNanos();
    executor =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            DaemonThreads.named("console-http"));
    executor.allowCoreThreadTimeOut(true);
    watcher = Executors.newSingleThreadScheduledExecutor(DaemonThreads.named("console-http-watch"));
    watcher.scheduleWithFixedDelay(this::watch, WATCH_MILLIS, WATCH_MILLIS, TimeUnit.MILLISECONDS);
  }

  @Override
  public void execute(Runnable task) {
    executor.execute(() -> run(task));
    if (executor.getActiveCount() >= THREADS) {
      makeRoom();
    }
  }

  /** Runs a task of the server, which reads the head of a request first. */
  private void run(Runnable task) {
    Worker worker = new Worker(Thread.currentThread());
    CURRENT.set(worker);
    worker.beginWaiting();
    try {
      task.run();
    } finally {
      worker.endWaiting();
      CURRENT.remove();
    }
  }

  /** Notes that this thread no longer waits for its client: the console works on the request. */
  static void working() {
    Worker worker = CURRENT.get();
    if (worker != null) {
      worker.endWaiting();
    }
  }

  /** Notes that this thread waits for its client from now on, which reads or writes. */
  static void waitingForClient() {
    Worker worker = CURRENT.get();
    if (worker != null) {
      worker.beginWaiting();
    }
  }

  /** Disconnects as many of the slowest clients as there are requests without a thread. */
  private void makeRoom() {
    long now = System.nanoTime();
    lock.lock();
    try {
      long leaving = waiting.stream().filter(worker -> worker.disconnected).count();
      waiting.stream()
          .filter(worker -> !worker.disconnected && now - worker.since >= graceNanos)
          .limit(Math.max(0, executor.getQueue().size() - leaving))
          .forEach(Worker::disconnect);
    } finally {
      lock.unlock();
    }
  }

  private void watch() {
    long now = System.nanoTime();
    lock.lock();
    try {
      waiting.stream()
          .filter(worker -> !worker.disconnected && now - worker.since > limitNanos)
          .forEach(Worker::disconnect);
    } finally {
      lock.unlock();
    }
    makeRoom();
  }

  @Override
  public void close() {
    watcher.shutdownNow();
    executor.shutdownNow();
  }

  /** A thread while it serves one request. */
  private final class Worker {
    private final Thread thread;

    // Guarded by the lock.
    private long since;
    private boolean disconnected;

    Worker(Thread thread) {
      this.thread = thread;
    }

    void beginWaiting() {
      lock.lock();
      try {
        since = System.nanoTime();
        waiting.add(this);
      } finally {
        lock.unlock();
      }
    }

    /** Ends the wait; no interrupt of it hits what the thread does next. */
    void endWaiting() {
      lock.lock();
      try {
        waiting.remove(this);
        if (disconnected) {
          disconnected = false;
          Thread.interrupted();
        }
      } finally {
        lock.unlock();
      }
    }

    /** Closes the connection; called with the lock held, while the thread waits. */
    void disconnect() {
      disconnected = true;
      thread.interrupt();
    }
  }
}
