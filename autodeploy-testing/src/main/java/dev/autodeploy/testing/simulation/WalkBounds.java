package dev.autodeploy.testing.simulation;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Schedule;
import java.time.Duration;

/**
 * The most and the least that was in force in one deployment since everything was last at rest: the
 * books of engine and walk may differ until it is again.
 */
final class WalkBounds {
  private static final Duration FOREVER = Duration.ofDays(36_500);

  /** True if the engine's budget may end: then no minimum is sure to be kept. */
  private final boolean mayEnd;

  int mostWaiting;
  int mostConcurrency;
  int leastConcurrency;
  int mostMinimum;
  int leastMinimum;
  Duration mostBackoff = Duration.ZERO;
  Duration leastLifetime = FOREVER;

  WalkBounds(boolean mayEnd) {
    this.mayEnd = mayEnd;
  }

  /** Starts over with the settings in force now. */
  void atRest(int waiting, DeploymentSpec spec) {
    mostWaiting = waiting;
    mostConcurrency = spec.concurrency();
    leastConcurrency = spec.concurrency();
    mostMinimum = mostKept(spec);
    leastMinimum = leastKept(spec);
    mostBackoff = spec.startBackoff();
    leastLifetime = lifetime(spec);
  }

  private static Duration lifetime(DeploymentSpec spec) {
    Duration max = spec.maxLifetime();
    return max == null ? FOREVER : max;
  }

  /** Returns how many instances are kept at most, whatever the time of day. */
  static int mostKept(DeploymentSpec spec) {
    Schedule schedule = spec.schedule();
    return schedule == null
        ? spec.minInstances()
        : Math.max(spec.minInstances(), schedule.mostWarm());
  }

  /** Returns how many are kept at least: none where it may be closed, or its budget end. */
  private int leastKept(DeploymentSpec spec) {
    return !mayEnd && spec.schedule() == null && spec.budget() == null ? spec.minInstances() : 0;
  }

  void waiting(int waiting) {
    mostWaiting = Math.max(mostWaiting, waiting);
  }

  void updated(DeploymentSpec spec) {
    mostConcurrency = Math.max(mostConcurrency, spec.concurrency());
    leastConcurrency = Math.min(leastConcurrency, spec.concurrency());
    mostMinimum = Math.max(mostMinimum, mostKept(spec));
    leastMinimum = Math.min(leastMinimum, leastKept(spec));
    if (leastLifetime.compareTo(lifetime(spec)) > 0) {
      leastLifetime = lifetime(spec);
    }
    if (mostBackoff.compareTo(spec.startBackoff()) < 0) {
      mostBackoff = spec.startBackoff();
    }
  }
}
