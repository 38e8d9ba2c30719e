package dev.autodeploy.testing.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Makes a walk of several replicas that breaks an invariant short: leaves out requests and faults,
 * in ever smaller runs, as long as the same invariant breaks and there is time.
 */
final class ClusterShrinker {
  private final Function<Set<Integer>, ClusterWalk> walks;
  private final int steps;
  private final String kind;
  private final List<Integer> all;
  private final long deadline;
  private ClusterWalk shortest;

  private ClusterShrinker(
      ClusterWalk broken,
      Function<Set<Integer>, ClusterWalk> walks,
      int steps,
      String invariant,
      long deadline) {
    this.shortest = broken;
    this.walks = walks;
    this.steps = steps;
    this.kind = kind(invariant);
    this.all = List.copyOf(broken.happened);
    this.deadline = deadline;
  }

  /**
   * Returns the shortest walk that was found.
   *
   * @param walks makes the walk anew, with some of its requests and faults
   * @param steps the steps of the walk
   * @param limit how long this may take, besides the last walk
   */
  static ClusterWalk shrink(
      ClusterWalk broken,
      Function<Set<Integer>, ClusterWalk> walks,
      int steps,
      String invariant,
      Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    return new ClusterShrinker(broken, walks, steps, invariant, deadline).shrink();
  }

  private ClusterWalk shrink() {
    List<Integer> parts = all;
    boolean shorter = breaks(parts); // else it is shown as it was
    while (shorter && hasTime()) {
      int before = parts.size();
      for (int length = Math.max(1, parts.size() / 2); length > 0; length /= 2) {
        parts = withoutRuns(parts, length);
      }
      shorter = parts.size() < before;
    }
    return shortest;
  }

  private boolean hasTime() {
    return System.nanoTime() - deadline < 0;
  }

  private List<Integer> withoutRuns(List<Integer> whole, int length) {
    List<Integer> parts = whole;
    // From the end: what comes last is closest to what broke, and what it needs comes before.
    for (int end = parts.size(); end > 0 && hasTime(); end -= length) {
      int from = Math.max(0, end - length);
      List<Integer> fewer = new ArrayList<>(parts.subList(0, from));
      fewer.addAll(parts.subList(Math.min(end, parts.size()), parts.size()));
      if (breaks(fewer)) {
        parts = fewer;
      }
    }
    return parts;
  }

  private boolean breaks(List<Integer> parts) {
    ClusterWalk walk = walks.apply(Set.copyOf(parts));
    try {
      walk.run(steps);
      return false;
    } catch (AssertionError | RuntimeException e) {
      if (!kind(String.valueOf(e.getMessage())).equals(kind)) {
        return false;
      }
      shortest = walk;
      return true;
    }
  }

  /** Returns an invariant without the names and numbers that differ from walk to walk. */
  private static String kind(String invariant) {
    return invariant
        .replaceAll("\\br\\d+\\.\\d+", "R")
        .replaceAll("voice-\\w+", "I")
        .replaceAll("\\d+", "0");
  }
}
