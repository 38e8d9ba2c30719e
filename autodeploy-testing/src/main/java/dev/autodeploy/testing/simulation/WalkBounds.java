package dev.autodeploy.testing.simulation;

import dev.autodeploy.DeploymentSpec;
import java.time.Duration;

/**
 * The most and the least that was in force in one deployment since everything was last at rest: the
 * books of engine and walk may differ until it is again.
 */
final class WalkBounds {
  int mostWaiting;
  int mostConcurrency;
  int leastConcurrency;
  int mostMinimum;
  int leastMinimum;
  Duration mostBackoff = Duration.ZERO;

  /** Starts over with the settings in force now. */
  void atRest(int waiting, DeploymentSpec spec) {
    mostWaiting = waiting;
    mostConcurrency = spec.concurrency();
    leastConcurrency = spec.concurrency();
    mostMinimum = spec.minInstances();
    leastMinimum = spec.minInstances();
    mostBackoff = spec.startBackoff();
  }

  void waiting(int waiting) {
    mostWaiting = Math.max(mostWaiting, waiting);
  }

  void updated(DeploymentSpec spec) {
    mostConcurrency = Math.max(mostConcurrency, spec.concurrency());
    leastConcurrency = Math.min(leastConcurrency, spec.concurrency());
    mostMinimum = Math.max(mostMinimum, spec.minInstances());
    leastMinimum = Math.min(leastMinimum, spec.minInstances());
    if (mostBackoff.compareTo(spec.startBackoff()) < 0) {
      mostBackoff = spec.startBackoff();
    }
  }
}
