package dev.autodeploy.testing.simulation;

/** One instance in a walk's book: what events told, and which leases are open. */
final class WalkInstance {
  static final long NEVER = Long.MAX_VALUE;

  /** An instance as far as events have told. */
  enum Told {
    NOTHING,
    STARTING,
    READY,
    ASLEEP,
    DRAINING,
    RELEASING,
    GONE
  }

  final String id;
  Told told = Told.NOTHING;
  boolean adopted;

  /** Started before anybody asked for it. */
  boolean startedAhead;

  /** A holder of a lease found it to hang. */
  boolean abandoned;

  boolean releaseAsked;
  boolean forced;

  /** The time at which it was told to be ready. */
  long readyAt = NEVER;

  /** The time at which it was told to be awake last, be it ready or woken. */
  long awakeAt = NEVER;

  int open;
  boolean used;

  /** The earliest moment since which it is idle: leases of which the book knows nothing may end. */
  long idleSince = NEVER;

  /** The latest moment since which it is idle. */
  long idleAtLast = NEVER;

  /** The shortest and longest idle timeout in force since then. */
  long shortestTimeout;

  long longestTimeout;

  WalkInstance(String id) {
    this.id = id;
  }

  void becameIdle(long now, long shortest, long longest) {
    idleSince = now;
    idleAtLast = now;
    shortestTimeout = shortest;
    longestTimeout = longest;
  }

  void timeoutChanged(long shortest, long longest) {
    shortestTimeout = Math.min(shortestTimeout, shortest);
    longestTimeout = Math.max(longestTimeout, longest);
  }

  /** Returns until when it is surely not released for being idle. */
  long idleDueAtFirst() {
    return due(idleSince, shortestTimeout);
  }

  /** Returns when it must have been released for being idle, unless it makes up the minimum. */
  long idleDueAtLast() {
    return due(idleAtLast, longestTimeout);
  }

  private static long due(long since, long timeout) {
    return since == NEVER || timeout == NEVER ? NEVER : since + timeout;
  }
}
