package dev.autodeploy.proxy.gateway;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads for steps that wait for their client. One caller gets a number of them; its further steps
 * wait for its own, so that whoever reads slowly holds up nobody else. Thread-safe.
 */
final class SharedWorkers implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SharedWorkers.class);

  private final Workers workers;
  private final int most;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Line> lines = new HashMap<>();

  /** The steps of one caller; guarded by the lock. */
  private static final class Line {
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private int running;
  }

  /**
   * Creates them.
   *
   * @param workers the threads, which end with this
   * @param most how many of them one caller gets
   */
  SharedWorkers(Workers workers, int most) {
    this.workers = workers;
    this.most = most;
  }

  /** Runs a step of a caller, now or when one of its others has ended. */
  void execute(String caller, Runnable step) {
    lock.lock();
    try {
      Line line = lines.computeIfAbsent(caller, name -> new Line());
      if (line.running == most) {
        line.waiting.add(step);
        return;
      }
      line.running++;
    } finally {
      lock.unlock();
    }
    workers.execute(() -> run(caller, step));
  }

  private void run(String caller, Runnable first) {
    for (Runnable step = first; step != null; step = next(caller)) {
      try {
        step.run();
      } catch (RuntimeException e) {
        LOG.error("A step of a response failed", e);
      }
    }
  }

  /** A step has ended; returns the one that takes its place. */
  private @Nullable Runnable next(String caller) {
    lock.lock();
    try {
      Line line = lines.get(caller);
      if (line == null) {
        return null;
      }
      Runnable step = line.waiting.poll();
      if (step == null && --line.running == 0) {
        lines.remove(caller);
      }
      return step;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    workers.close();
  }
}
