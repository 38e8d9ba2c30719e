package dev.autodeploy.testing.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes a walk that breaks an invariant short: leaves out steps and faults, in ever smaller runs,
 * as long as the same invariant breaks and there is time.
 */
final class WalkShrinker {
  /** The number of shorter walks that are tried: enough for the usual one to become minimal. */
  private static final int ATTEMPTS = 3000;

  /** The time that they may take: a walk of many steps is shown long rather than late. */
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private final WalkSettings settings;
  private final Function<WalkSchedule, Walk> walks;
  private final String kind;
  private final long deadline = System.nanoTime() + LIMIT.toNanos();
  private BrokenInvariantError shortest;
  private int attempts;

  private WalkShrinker(
      WalkSettings settings, Function<WalkSchedule, Walk> walks, BrokenInvariantError first) {
    this.settings = settings;
    this.walks = walks;
    this.kind = kind(first.invariant());
    this.shortest = first;
  }

  static BrokenInvariantError shrink(WalkSettings settings, BrokenInvariantError found) {
    return shrink(settings, schedule -> new Walk(settings, schedule), found);
  }

  static BrokenInvariantError shrink(
      WalkSettings settings, Function<WalkSchedule, Walk> walks, BrokenInvariantError found) {
    return new WalkShrinker(settings, walks, found).shrink();
  }

  private BrokenInvariantError shrink() {
    List<String> parts = shortest.schedule();
    BrokenInvariantError whole = shortest;
    if (replay(parts) == null) {
      return shortest; // a walk that does not break again can only be shown as it was
    }
    boolean shorter = true;
    while (shorter && mayTry()) {
      List<String> before = parts;
      for (int length = Math.max(1, parts.size() / 2); length > 0; length /= 2) {
        parts = withoutRuns(parts, length);
      }
      shorter = parts.size() < before.size();
    }
    BrokenInvariantError last = replay(parts);
    return (last == null ? shortest : last).shrunkFrom(whole, settings);
  }

  private boolean mayTry() {
    return attempts < ATTEMPTS && System.nanoTime() - deadline < 0;
  }

  private List<String> withoutRuns(List<String> all, int length) {
    List<String> parts = all;
    // From the end: what comes last is closest to what broke, and what it needs comes before.
    for (int end = parts.size(); end > 0 && mayTry(); end -= length) {
      int from = Math.max(0, end - length);
      List<String> shorter = new ArrayList<>(parts.subList(0, from));
      shorter.addAll(parts.subList(Math.min(end, parts.size()), parts.size()));
      if (!shorter.isEmpty() && replay(shorter) != null) {
        parts = shorter;
      }
    }
    return parts;
  }

  private @Nullable BrokenInvariantError replay(List<String> parts) {
    attempts++;
    try {
      walks.apply(WalkSchedule.of(parts)).run();
      return null;
    } catch (BrokenInvariantError e) {
      if (!kind(e.invariant()).equals(kind)) {
        return null;
      }
      shortest = e.withSchedule(parts);
      return shortest;
    }
  }

  /** Returns an invariant without the names and numbers that differ from walk to walk. */
  private static String kind(String invariant) {
    return invariant
        .replaceAll("\\bd\\d+-\\w+", "ID")
        .replaceAll("owner-\\d+/d\\d+", "D")
        .replaceAll("#\\d+", "#")
        .replaceAll("\\[[^]]*]", "[]")
        .replaceAll(": DeploymentStatus.*", "")
        .replaceAll("-?\\d+(\\.\\d+)?(E-?\\d+)?", "0")
        .replaceAll("PT\\S+", "T");
  }
}
