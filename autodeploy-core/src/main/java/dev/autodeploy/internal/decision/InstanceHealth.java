package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;

/** The findings about whether one instance works; changed by {@link HealthProcess} alone. */
final class InstanceHealth {
  /**
   * The moment of the last look at it, or {@link Instance#NEVER} if it was not since it is ready.
   */
  long lookedAt = NEVER;

  /** The number of the last question. */
  int asked;

  /** True if the last question of its liveness probe is not answered yet, and since when. */
  boolean asking;

  long askedAt = NEVER;

  /** The number of answers in a row that said no. */
  int failed;

  /** Begins again with an instance that has been woken. */
  void begins(long now) {
    lookedAt = now;
    asking = false;
    failed = 0;
  }
}
