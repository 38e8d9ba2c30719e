package dev.autodeploy.internal.cluster;

import dev.autodeploy.spi.Leader;
import org.jspecify.annotations.Nullable;

/**
 * The decisions of one replica about leading: no I/O, no threads, no clock. Times are nanoseconds
 * on the replica's own monotonic line.
 *
 * <p>A leader acts while it may: up to the end of its time it starts and releases instances. It
 * then serves for a while longer, with the instances that run, unless it hears that another one has
 * led: the next leader releases nothing of what it adopts meanwhile. An answer by which it has led
 * all along lets it act again.
 *
 * <p>Answers are dealt with in this order:
 *
 * <ol>
 *   <li>Somebody else leads: this replica no longer does, if it did.
 *   <li>It leads in the epoch that it holds: it goes on, counted from before it asked.
 *   <li>It leads in a new epoch and held an earlier one: others have led meanwhile, so it no longer
 *       leads.
 *   <li>It leads in the epoch that it has resigned from, and its engine has not ended: it gives up
 *       when that has.
 *   <li>It leads in a new epoch, but the answer came so late that most of the term is gone, or it
 *       has resigned meanwhile: it gives up.
 *   <li>It leads in a new epoch.
 * </ol>
 */
final class Candidacy {
  /** A term ends this part of it early, for clocks that differ and calls that are under way. */
  private static final int SAFETY = 6;

  /** The number of times that a leader asks in a term. */
  private static final int RENEWALS = 4;

  /** The number of times that the others ask in a term. */
  private static final int LOOKS = 6;

  private final String replica;
  private final long term;
  private final long grace;

  private long held;
  private long actsUntil;
  private @Nullable Leader other;
  private long otherSeenAt;
  private boolean resigned;

  /** The epoch that it has resigned from while its engine has not ended; 0 for none. */
  private long leaving;

  /**
   * Makes the candidacy of a replica that does not lead.
   *
   * @param replica its id
   * @param term for how long a leader leads without renewal
   * @param grace for how long it serves after that
   */
  Candidacy(String replica, long term, long grace) {
    this.replica = replica;
    this.term = term;
    this.grace = grace;
  }

  /** The outcome of an answer. */
  enum Outcome {
    /** Nothing has changed. */
    UNCHANGED,
    /** The replica begins to lead, in a new epoch. */
    ELECTED,
    /** The replica no longer leads. */
    DEPOSED,
    /** The replica was elected and does not want to be: it gives leadership up. */
    UNWANTED
  }

  /** Returns the epoch in which it leads, or 0. */
  long held() {
    return held;
  }

  /** Returns whether it may act as the leader of an epoch. */
  boolean mayAct(long now, long epoch) {
    return held == epoch && held != 0 && now - actsUntil < 0;
  }

  /** Returns the moment up to which it may act without a further answer; only while it leads. */
  long actsUntil() {
    return actsUntil;
  }

  /** Returns the moment up to which it serves without a further answer; only while it leads. */
  long servesUntil() {
    return actsUntil + grace;
  }

  /** Returns whether it may grant leases as the leader of an epoch: for as long as it serves. */
  boolean mayLend(long now, long epoch) {
    return held == epoch && held != 0 && now - servesUntil() < 0;
  }

  /** Returns whether it serves and may not act. */
  boolean onlyServes(long now) {
    return held != 0 && now - actsUntil >= 0;
  }

  /** Returns whether another replica is known to lead, or was a moment ago. */
  boolean anotherLeads(long now) {
    return held == 0 && other != null && now - otherSeenAt < term / 2;
  }

  /** Returns the moment at which to ask again, after an answer or a failure. */
  long nextLook(long now) {
    return now + term / (held != 0 && !onlyServes(now) ? RENEWALS : LOOKS);
  }

  /**
   * An answer has come.
   *
   * @param askedAt when it was asked for
   * @param asked the epoch that was held then
   * @param now when it came
   */
  Outcome answered(long askedAt, long asked, long now, Leader leader) {
    if (!leader.replica().equals(replica)) { // (1)
      other = leader.replica().isEmpty() ? null : leader;
      otherSeenAt = now;
      return lose();
    }
    other = null;
    long until = askedAt + term - term / SAFETY;
    if (held != 0 && leader.epoch() == held) { // (2)
      actsUntil = until;
      return expired(now);
    }
    if (held != 0) { // (3)
      return lose();
    }
    if (leaving != 0 && leader.epoch() == leaving) { // (4)
      return Outcome.UNCHANGED;
    }
    if (resigned || asked != 0 || now - (askedAt + term / 2) > 0) { // (5)
      return Outcome.UNWANTED;
    }
    held = leader.epoch(); // (6)
    actsUntil = until;
    return Outcome.ELECTED;
  }

  /** Ends its leading if the time is over for which it may serve without an answer. */
  Outcome expired(long now) {
    return held != 0 && now - servesUntil() >= 0 ? lose() : Outcome.UNCHANGED;
  }

  /** Returns whether it never leads again. */
  boolean isResigned() {
    return resigned;
  }

  /**
   * The replica stops leading, and never leads again. Nobody else may before the engine has {@link
   * #ended}, or its time is over.
   */
  void resign() {
    resigned = true;
    if (held != 0) {
      leaving = held;
    }
    held = 0;
  }

  /**
   * The engine of an epoch has ended, or could not be started: the replica no longer leads in it.
   */
  void ended(long epoch) {
    if (held == epoch) {
      held = 0;
    }
    if (leaving == epoch) {
      leaving = 0;
    }
  }

  private Outcome lose() {
    boolean led = held != 0;
    held = 0;
    return led ? Outcome.DEPOSED : Outcome.UNCHANGED;
  }
}
