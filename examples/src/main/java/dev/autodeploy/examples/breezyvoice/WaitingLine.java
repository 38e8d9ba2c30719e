package dev.autodeploy.examples.breezyvoice;

import java.io.PrintStream;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A line at the bottom of a terminal that shows that something is waited for. Thread-safe. */
final class WaitingLine {
  private static final String CLEAR = "\r\u001B[2K";
  private static final String[] SPINNER = {"|", "/", "-", "\\"};

  private final PrintStream out;
  private final boolean terminal;
  private final ReentrantLock lock = new ReentrantLock();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "launcher-waiting-line");
            thread.setDaemon(true);
            return thread;
          });
  private @Nullable ScheduledFuture<?> shown;

  /**
   * Creates a line.
   *
   * @param out where to
   * @param terminal whether that is a terminal; if not, nothing is ever shown
   */
  WaitingLine(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** Shows the line, with the time that has passed, until it is cleared. */
  void show(String what) {
    if (!terminal) {
      return;
    }
    long begin = System.nanoTime();
    lock.lock();
    try {
      clear();
      shown =
          timer.scheduleAtFixedRate(
              () -> draw(what, Duration.ofNanos(System.nanoTime() - begin)),
              100,
              100,
              TimeUnit.MILLISECONDS);
    } finally {
      lock.unlock();
    }
  }

  /** Takes the line away. */
  void clear() {
    lock.lock();
    try {
      if (shown != null) {
        shown.cancel(false);
        shown = null;
        out.print(CLEAR);
        out.flush();
      }
    } finally {
      lock.unlock();
    }
  }

  private void draw(String what, Duration elapsed) {
    lock.lock();
    try {
      if (shown != null) {
        String spin = SPINNER[(int) (elapsed.toMillis() / 100 % SPINNER.length)];
        out.print(CLEAR + spin + " " + what + ", " + Texts.of(elapsed));
        out.flush();
      }
    } finally {
      lock.unlock();
    }
  }
}
