package dev.autodeploy.testing.simulation;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Thrown by a {@link RandomWalk} when the engine did what it must never do. Its message names seed,
 * step and what broke, shows the shortest way that was found to there, and tells how to walk it
 * again.
 */
public final class BrokenInvariantError extends AssertionError {
  private static final long serialVersionUID = 1L;

  /** The seed that the walk was drawn from. */
  private final long seed;

  /** The number of the step after which it was noticed. */
  private final int step;

  /** The invariant that broke. */
  private final String invariant;

  /** The number of instances that had come and gone by then. */
  private final int lifecycles;

  /** The lines that led there. */
  private final ArrayList<String> trace;

  /** The steps and faults that were carried out. */
  private final ArrayList<String> schedule;

  BrokenInvariantError(
      long seed,
      int step,
      String invariant,
      int lifecycles,
      List<String> trace,
      List<String> schedule) {
    this(seed, step, invariant, lifecycles, trace, schedule, "");
  }

  private BrokenInvariantError(
      long seed,
      int step,
      String invariant,
      int lifecycles,
      List<String> trace,
      List<String> schedule,
      String repeat) {
    super(
        "seed "
            + seed
            + ", step "
            + step
            + ": "
            + requireNonNull(invariant, "invariant")
            + "\n  "
            + String.join("\n  ", trace)
            + repeat);
    this.seed = seed;
    this.step = step;
    this.invariant = invariant;
    this.lifecycles = lifecycles;
    this.trace = new ArrayList<>(trace);
    this.schedule = new ArrayList<>(schedule);
  }

  /** Returns the same with the schedule that it comes from. */
  BrokenInvariantError withSchedule(List<String> parts) {
    return copy(lifecycles, parts, "");
  }

  /** Returns the same with what a reader needs to walk it again. */
  BrokenInvariantError shrunkFrom(BrokenInvariantError whole, WalkSettings settings) {
    return copy(
        whole.lifecycles,
        schedule,
        "\n  shrunk from "
            + whole.schedule.size()
            + " to "
            + schedule.size()
            + " steps and faults; found in lifecycle "
            + whole.lifecycles
            + "; again with:\n  RandomWalk.seed("
            + seed
            + "L).deployments("
            + settings.deployments()
            + ").engines("
            + settings.engines()
            + (settings.gpus() == 0 ? "" : ").gpus(" + settings.gpus())
            + (settings.maxInstances() == 0 ? "" : ").maxInstances(" + settings.maxInstances())
            + (settings.engineBudget() ? ").engineBudget(true" : "")
            + ").faults("
            + settings.faults().stream().map(f -> "Fault." + f).collect(Collectors.joining(", "))
            + ").only(\""
            + WalkSchedule.text(schedule)
            + "\").run()");
  }

  private BrokenInvariantError copy(int count, List<String> parts, String repeat) {
    BrokenInvariantError copy =
        new BrokenInvariantError(seed, step, invariant, count, trace, parts, repeat);
    for (Throwable suppressed : getSuppressed()) {
      copy.addSuppressed(suppressed);
    }
    return copy;
  }

  int lifecycles() {
    return lifecycles;
  }

  List<String> schedule() {
    return List.copyOf(schedule);
  }

  List<String> trace() {
    return List.copyOf(trace);
  }

  /**
   * Returns what the walk was drawn from.
   *
   * @return the seed
   */
  public long seed() {
    return seed;
  }

  /**
   * Returns the step after which it was noticed.
   *
   * @return the number, from 0
   */
  public int step() {
    return step;
  }

  /**
   * Returns what broke, without the trace.
   *
   * @return one line
   */
  public String invariant() {
    return invariant;
  }
}
