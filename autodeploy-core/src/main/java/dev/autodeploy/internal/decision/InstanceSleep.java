package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.SleepMode;
import org.jspecify.annotations.Nullable;

/** The sleep of one instance; changed by {@link Sleepers} and {@link SleepProcess} alone. */
final class InstanceSleep {
  /** The mode by which it was put to sleep last, which its deployment may no longer have. */
  @Nullable SleepMode mode;

  /** The deployment for which it makes room by it, or null if it sleeps for want of requests. */
  @Nullable String forWhom;

  /** The number of the last order to the instance: answers to earlier ones do not count. */
  int order;

  /** The moment when the last order was given, and the one by which it has to be carried out. */
  long orderedAt = NEVER;

  long deadline = NEVER;

  /** The moment since which it is asleep, or {@link Instance#NEVER} if it is not. */
  long since = NEVER;

  /** The times in which it was asleep before that, without what does not count. */
  private SleepTimes past = SleepTimes.NONE;

  /** The moments over which no sleep is moved. */
  SleepTimes.Cuts cuts = SleepTimes.Cuts.NONE;

  /** The moment from which this sleep counts, or {@link Instance#NEVER} while it keeps its room. */
  private long countsFrom = NEVER;

  /** The moment when it was woken last, or {@link Instance#NEVER} if it never was. */
  long wokenAt = NEVER;

  /** True if others may have the room that it does not keep. */
  boolean roomGivenUp;

  void restore(SleepTimes times, long asleepSince, boolean keptRoom) {
    past = times;
    since = asleepSince;
    countsFrom = keptRoom ? NEVER : asleepSince;
  }

  /** Falls asleep, unless it is found so; its time counts unless its room is kept for it. */
  void begins(long now, boolean keepsRoom) {
    since = since == NEVER ? now : since;
    if (keepsRoom) {
      past = times(now);
      countsFrom = NEVER;
    } else {
      counts(now);
    }
  }

  /** Counts from now on, unless it does already. */
  void counts(long now) {
    countsFrom = countsFrom == NEVER ? now : countsFrom;
  }

  /** Returns from when on this sleep counts, or {@link Instance#NEVER} if it does not. */
  long countsFrom() {
    return countsFrom;
  }

  /** Is found awake: it sleeps only since a moment, or does not. */
  void foundAwake(long asleepSince) {
    since = asleepSince;
    countsFrom = countsFrom == NEVER ? NEVER : asleepSince;
  }

  void ends(long now) {
    past = times(now);
    since = NEVER;
    countsFrom = NEVER;
  }

  /** Returns when it has been asleep up to a moment, and others could have its room. */
  SleepTimes times(long until) {
    return countsFrom == NEVER ? past : past.plus(countsFrom, until, cuts);
  }
}
