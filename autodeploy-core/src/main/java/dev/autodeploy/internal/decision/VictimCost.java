package dev.autodeploy.internal.decision;

/**
 * The expected effort to bring an idle instance back after it went: how long a start takes, or to
 * wake it if it only sleeps, times the probability that it is needed again soon, times its price.
 *
 * <p>The probability is learned from the recent times without demand: of those that lasted at least
 * as long as this one so far, the part that ended within {@link #SOON} starts. With one more of
 * each kind, as nothing is ever certain but this: one that sleeps while its callers wait is needed.
 */
final class VictimCost {
  /** The time that counts as soon, in starts. */
  static final int SOON = 10;

  private VictimCost() {}

  /**
   * Returns the effort.
   *
   * @param backNanos how long it takes until it serves again
   */
  static double of(Party party, long idleNanos, long backNanos) {
    long start = Turns.swap(party);
    int longer = 0;
    int soon = 0;
    for (long gap : party.gaps()) {
      if (gap >= idleNanos) {
        longer++;
        if (gap <= idleNanos + SOON * start) {
          soon++;
        }
      }
    }
    double probability = party.waiting() > 0 ? 1 : (soon + 1.0) / (longer + 2.0);
    return backNanos / 1e9 * probability * party.price();
  }
}
