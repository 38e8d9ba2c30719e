package dev.autodeploy.testing.simulation;

import dev.autodeploy.testing.ManualTime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Supplier;

/** The last lines of a walk, made into text only when somebody reads them. */
final class WalkTrace {
  private static final int STEPS = 30;
  private static final int MAX_LINES = 400;

  private record Line(int step, long at, Supplier<String> text) {}

  private final ManualTime time;
  private final int steps;
  private final Deque<Line> lines = new ArrayDeque<>();
  private int step;

  /** Keeps the last steps only, or all. */
  WalkTrace(ManualTime time, boolean all) {
    this.time = time;
    this.steps = all ? Integer.MAX_VALUE : STEPS;
  }

  void beginStep(int number) {
    step = number;
    while (!lines.isEmpty()
        && (lines.getFirst().step < number - steps || lines.size() > MAX_LINES)) {
      lines.removeFirst();
    }
  }

  void add(Supplier<String> text) {
    lines.addLast(new Line(step, time.read(), text));
  }

  List<String> toLines() {
    List<String> result = new ArrayList<>();
    for (Line line : lines) {
      result.add(String.format("%6d %13.6f s  %s", line.step, line.at / 1e9, line.text.get()));
    }
    return result;
  }
}
