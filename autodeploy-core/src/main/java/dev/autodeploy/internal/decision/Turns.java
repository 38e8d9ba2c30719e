package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.InstancePhase;
import dev.autodeploy.internal.decision.Party.Occupant;
import java.time.Duration;

/**
 * The turns of deployments that share room: when an instance may be asked to go while others wait.
 *
 * <ol>
 *   <li>A turn begins when an instance is ready, and lasts {@link #TURN} times as long as a start
 *       of its deployment takes; at least once that, if a caller in line would give up before.
 *   <li>An instance that serves nobody goes before the end of its turn, when it has been idle for
 *       {@link #PAUSE} of a start: the next request may be on its way.
 *   <li>After its turn one that is idle goes at once, and a busy one takes no further request.
 * </ol>
 */
final class Turns {
  /** The length of a turn, in starts. */
  static final int TURN = 3;

  /** The pause after which an idle instance is taken for done, as a part of a start. */
  static final int PAUSE = 5;

  /** The bounds of what counts as the duration of a start. */
  private static final long SHORTEST = Duration.ofMillis(100).toNanos();

  private static final long LONGEST = Duration.ofMinutes(10).toNanos();

  private Turns() {}

  /** Returns how long a start of a deployment takes, within bounds. */
  static long swap(Party party) {
    return Math.min(LONGEST, Math.max(SHORTEST, party.startNanos()));
  }

  /** Returns how long it takes to wake an instance of a deployment, within the same bounds. */
  static long wake(Party party) {
    return Math.min(swap(party), Math.max(SHORTEST, party.wakeNanos()));
  }

  /**
   * Returns when an instance's turn ends.
   *
   * @param needed when a start for the one in line has to begin, or {@link Instance#NEVER}
   */
  static long end(Party party, Occupant occupant, long needed) {
    if (occupant.readyAt() == NEVER) {
      return NEVER;
    }
    long swap = swap(party);
    long full = occupant.readyAt() + TURN * swap;
    return Math.max(occupant.readyAt() + swap, Math.min(full, needed));
  }

  /** Returns when an instance that is idle goes, unless it is used until then. */
  static long idleEnd(Party party, Occupant occupant, long turnEnd) {
    return Math.min(turnEnd, occupant.idleSince() + swap(party) / PAUSE);
  }

  static boolean isIdle(Party party, Occupant occupant) {
    return occupant.phase() == InstancePhase.READY
        && !occupant.wanted()
        && party.waiting() == 0
        && occupant.idleSince() != NEVER;
  }
}
