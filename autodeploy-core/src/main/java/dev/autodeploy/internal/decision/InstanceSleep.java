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

  /** For how long it was asleep before that, without what does not count. */
  private long past;

  /** True if this sleep counts: not while it keeps its room. */
  private boolean counts = true;

  /** The moment when it was woken last, or {@link Instance#NEVER} if it never was. */
  long wokenAt = NEVER;

  /** True if others may have the room that it does not keep. */
  boolean roomGivenUp;

  void restore(long nanos, long asleepSince) {
    past = nanos;
    since = asleepSince;
  }

  /** Falls asleep, unless it is found so; its time counts unless its room is kept for it. */
  void begins(long now, boolean keepsRoom) {
    since = since == NEVER ? now : since;
    counts = !keepsRoom;
  }

  /** Is found awake: it sleeps only since a moment, or does not. */
  void foundAwake(long asleepSince) {
    since = asleepSince;
  }

  void ends(long now) {
    past = nanos(now);
    since = NEVER;
  }

  /** Returns for how long it has been asleep up to a moment, and others could have its room. */
  long nanos(long until) {
    return since == NEVER || !counts ? past : past + Math.max(0, until - since);
  }
}
