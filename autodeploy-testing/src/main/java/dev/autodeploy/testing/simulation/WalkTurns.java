package dev.autodeploy.testing.simulation;

import dev.autodeploy.spi.UsageHistory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The turns of one deployment on shared GPUs, as far as a walk can tell how long they have to be.
 */
final class WalkTurns {
  private static final long SHORTEST = Duration.ofMillis(100).toNanos();
  private static final long GUESS = Duration.ofSeconds(10).toNanos();
  private static final int TURN = 3;

  /** The number of kinds of instance whose starts are remembered. */
  private static final int KINDS = 4;

  private final WalkBook book;

  /** The recent starts by kind of instance; the last entry is of the kind that started last. */
  private final Map<String, List<Long>> starts = new LinkedHashMap<>();

  /** The least and most that the engine may have taken a start for since everything was at rest. */
  private long leastStart = GUESS;

  private long mostStart = GUESS;

  /** The earliest deadline of anybody who waited since then. */
  private long earliestDeadline = WalkInstance.NEVER;

  private boolean wasUnpinned;

  WalkTurns(WalkBook book) {
    this.book = book;
  }

  void atRest() {
    leastStart = typicalStart();
    mostStart = leastStart;
    earliestDeadline = WalkInstance.NEVER;
    book.waiters.forEach(waiter -> asked(waiter.deadline));
    wasUnpinned = !book.spec.pinned();
  }

  void asked(long deadline) {
    earliestDeadline = Math.min(earliestDeadline, deadline);
  }

  /**
   * Notes a start.
   *
   * @param kind the fingerprint of the instance: an update may make others, which take their time
   */
  void started(String kind, Duration took) {
    List<Long> known = starts.remove(kind);
    List<Long> its = known == null ? new ArrayList<>() : known;
    its.add(took.toNanos());
    if (its.size() > UsageHistory.LIMIT) {
      its.remove(0);
    }
    starts.put(kind, its);
    if (starts.size() > KINDS) {
      starts.remove(starts.keySet().iterator().next());
    }
    leastStart = Math.min(leastStart, typicalStart());
    mostStart = Math.max(mostStart, typicalStart());
  }

  /** Returns whether it has been pinned since everything was at rest. */
  boolean pinned() {
    return book.spec.pinned() && !wasUnpinned;
  }

  /** Checks that a turn that ends was not shorter than the rule says. */
  void madeRoom(WalkInstance instance, int inFlight) {
    if (inFlight == 0 || instance.adopted || instance.awakeAt == WalkInstance.NEVER) {
      return;
    }
    long needed = WalkInstance.NEVER;
    for (WalkDeployment other : book.engine.deployments()) {
      WalkTurns turns = other.book.turns;
      if (turns.earliestDeadline != WalkInstance.NEVER) {
        needed = Math.min(needed, turns.earliestDeadline - 2 * turns.mostStart);
      }
    }
    long full = instance.awakeAt + TURN * leastStart;
    long end = Math.max(instance.awakeAt + leastStart, Math.min(full, needed));
    long now = book.walk.time.read();
    book.walk.check(
        now >= end,
        () ->
            "a turn is never shorter than the rule says, but that of "
                + instance.id
                + " ends "
                + (end - now) / 1e6
                + " ms too early");
  }

  private long typicalStart() {
    List<Long> last = List.of();
    for (List<Long> kind : starts.values()) {
      last = kind;
    }
    if (last.isEmpty()) {
      return GUESS;
    }
    long[] sorted = last.stream().mapToLong(Long::longValue).sorted().toArray();
    return Math.max(SHORTEST, sorted[sorted.length / 2]);
  }
}
