package dev.autodeploy.testing;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * Thrown by a {@link RandomWalk} when the engine did what it must never do. Its message names seed,
 * step and what broke, and shows the steps that led there; the same seed breaks the same way.
 */
public final class BrokenInvariantError extends AssertionError {
  private static final long serialVersionUID = 1L;

  /** What the walk was drawn from. */
  private final long seed;

  /** The number of the step after which it was noticed. */
  private final int step;

  /** What broke. */
  private final String invariant;

  BrokenInvariantError(long seed, int step, String invariant, List<String> trace) {
    super(
        "seed "
            + seed
            + ", step "
            + step
            + ": "
            + requireNonNull(invariant, "invariant")
            + "\n  "
            + String.join("\n  ", trace));
    this.seed = seed;
    this.step = step;
    this.invariant = invariant;
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
