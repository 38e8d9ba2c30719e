package dev.autodeploy;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Refused because what is left of a {@link Budget} covers no start, or no use. */
public final class BudgetExhaustedException extends AutoDeployException {
  private static final long serialVersionUID = 1L;

  /** The budget, lost where the error was serialized. */
  private final transient @Nullable BudgetStatus status;

  /** Whose budget it is: the engine's, or the deployment's. */
  private final boolean engine;

  /** The time until the next period. */
  private final @Nullable Duration retryAfter;

  /**
   * Creates the error.
   *
   * @param deployment the deployment's name
   * @param now the present
   * @param status the budget and what was spent of it
   * @param engine whether it is the engine's budget, and not the deployment's own
   */
  public BudgetExhaustedException(
      String deployment, Instant now, BudgetStatus status, boolean engine) {
    super(ErrorCode.BUDGET_EXHAUSTED, deployment, message(deployment, status, engine));
    this.status = status;
    this.engine = engine;
    Instant reset = status.resetsAt();
    this.retryAfter = reset == null ? null : Duration.between(now, reset);
  }

  private static String message(String deployment, BudgetStatus status, boolean engine) {
    return (engine
            ? "deployment '" + deployment + "' is refused: the budget of the engine is exhausted: "
            : "the budget of deployment '" + deployment + "' is exhausted: ")
        + status.describe()
        + (status.left().signum() == 0 ? "" : ", and what is left does not cover a start")
        + (status.resetsAt() == null
            ? "; raise it"
            : "; the next period begins at " + status.resetsAt() + ", or raise it");
  }

  /**
   * Returns the budget and what was spent of it.
   *
   * @return the status, or null if the error was serialized
   */
  public @Nullable BudgetStatus status() {
    return status;
  }

  /**
   * Returns whether it is the engine's budget, which all its deployments share.
   *
   * @return false for the deployment's own
   */
  public boolean isOfEngine() {
    return engine;
  }

  /**
   * Returns how long it is until the next period, counted from the refusal.
   *
   * @return the time, or null for a budget in total
   */
  public @Nullable Duration retryAfter() {
    return retryAfter;
  }
}
