package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.spi.Prewarm;
import org.jspecify.annotations.Nullable;

/**
 * The start ahead of the next request, as the idle policy expects it. It is planned when the last
 * instance is released as idle, and made once; whatever else happens to the deployment voids it: a
 * request, or an order of the host application.
 */
final class StartAhead {
  /** The start ahead of a deployment for which none was planned yet; none is planned in it. */
  static final StartAhead NONE = new StartAhead();

  private long at = NEVER;
  private long keep = NEVER;

  /** Plans a start, or none. */
  void plan(long now, long noDemandSince, @Nullable Prewarm prewarm) {
    cancel();
    long planned =
        prewarm == null || noDemandSince == NEVER
            ? NEVER
            : noDemandSince + prewarm.after().toNanos();
    if (prewarm != null && planned != NEVER && planned > now) { // it is past once it was made
      at = planned;
      keep = prewarm.keep().toNanos();
    }
  }

  void cancel() {
    if (at != NEVER) {
      at = NEVER;
      keep = NEVER;
    }
  }

  boolean isPlanned() {
    return at != NEVER;
  }

  /** Returns when it is made or given up, whichever is next, or {@link Instance#NEVER}. */
  long nextLook(long now) {
    return at == NEVER || at > now ? at : at + keep + 1;
  }

  /** Returns whether it is to be made now. What is held back for too long is no longer worth it. */
  boolean isDue(long now) {
    if (at != NEVER && now - at > keep) {
      cancel();
    }
    return at <= now;
  }

  /** Notes that it is made; returns how long the instance is kept if no request comes. */
  long take() {
    long kept = keep;
    cancel();
    return kept;
  }
}
