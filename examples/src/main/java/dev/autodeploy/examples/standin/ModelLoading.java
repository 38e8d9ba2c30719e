package dev.autodeploy.examples.standin;

import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** Imitates the loading of a model: takes its time and shows how far it is. */
final class ModelLoading {
  private static final int MAX_STEPS = 10;
  private static final Duration SHORTEST_STEP = Duration.ofMillis(100);

  private ModelLoading() {}

  /** Returns when {@code duration} has passed; prints a line per step. */
  static void imitate(Duration duration, UvicornLog log) throws InterruptedException {
    if (duration.isZero()) {
      return;
    }
    long steps = Math.max(1, Math.min(MAX_STEPS, duration.dividedBy(SHORTEST_STEP)));
    long start = System.nanoTime();
    for (long step = 1; step <= steps; step++) {
      long due = duration.toNanos() / steps * step;
      TimeUnit.NANOSECONDS.sleep(due - (System.nanoTime() - start));
      log.plain(progress(step, steps, due));
    }
  }

  private static String progress(long step, long steps, long elapsedNanos) {
    long percent = 100 * step / steps;
    String bar = "#".repeat((int) percent / 10);
    return String.format(
        Locale.ROOT,
        "Loading model (imitated): %3d%%|%-10s| %d/%d [%.1f s]",
        percent,
        bar,
        step,
        steps,
        elapsedNanos / 1e9);
  }
}
