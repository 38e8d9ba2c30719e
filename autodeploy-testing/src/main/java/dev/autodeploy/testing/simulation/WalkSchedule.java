package dev.autodeploy.testing.simulation;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The part of its seed that a walk carries out: all steps and faults, or the chosen ones. A step is
 * a number and a fault is named by the step in which it strikes, such as {@code 17:list0}; what
 * each does is drawn from its own name, and so stays as it was when others are left out.
 */
final class WalkSchedule {
  private final @Nullable Set<String> chosen;
  private final Set<String> struck = new LinkedHashSet<>();

  private WalkSchedule(@Nullable Set<String> chosen) {
    this.chosen = chosen;
  }

  static WalkSchedule everything() {
    return new WalkSchedule(null);
  }

  static WalkSchedule of(Collection<String> chosen) {
    return new WalkSchedule(new LinkedHashSet<>(chosen));
  }

  /** Reads what {@link #text} has written. */
  static List<String> parse(String text) {
    List<String> parts = new ArrayList<>();
    for (String part : text.trim().split("\\s+", -1)) {
      if (!part.matches("\\d+(:[a-z]+\\d+)?")) {
        throw new IllegalArgumentException(
            "'"
                + part
                + "' is neither a step, such as 17, nor a fault, such as 17:list0; take the text"
                + " from the error of a walk");
      }
      parts.add(part);
    }
    return parts;
  }

  static String text(List<String> parts) {
    return String.join(" ", parts);
  }

  /** Returns the step of a part. */
  static int step(String part) {
    int colon = part.indexOf(':');
    return Integer.parseInt(colon < 0 ? part : part.substring(0, colon));
  }

  /** Returns the number of the last step that was chosen, or the limit if all are. */
  int last(int limit) {
    return chosen == null ? limit : chosen.stream().mapToInt(WalkSchedule::step).max().orElse(0);
  }

  boolean isEverything() {
    return chosen == null;
  }

  boolean takes(int step) {
    return chosen == null || chosen.contains(Integer.toString(step));
  }

  /** Returns whether a fault may strike, and takes note of it. */
  boolean strikes(String fault) {
    if (chosen != null && !chosen.contains(fault)) {
      return false;
    }
    struck.add(fault);
    return true;
  }

  /** Returns what was carried out up to a step, each fault behind its step. */
  List<String> carriedOut(int lastStep) {
    Set<Integer> steps = new TreeSet<>();
    for (int step = 1; step <= lastStep; step++) {
      if (takes(step)) {
        steps.add(step);
      }
    }
    List<String> parts = new ArrayList<>();
    for (int step : steps) {
      parts.add(Integer.toString(step));
    }
    parts.addAll(struck);
    parts.sort(
        (a, b) -> {
          int byStep = Integer.compare(step(a), step(b));
          return byStep != 0 ? byStep : Boolean.compare(a.contains(":"), b.contains(":"));
        });
    return parts;
  }
}
