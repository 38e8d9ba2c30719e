package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.BudgetStatus;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The starts and the use that a deployment's budget allows at a moment. The rules of a machine that
 * has one:
 *
 * <ol>
 *   <li>It is over: instances are cut or drained, who waits is rejected, who asks is refused.
 *   <li>What is left covers no start: none is made, not for the minimum either; who asks for one,
 *       or for one that sleeps, or finds none ready or starting, is refused, and so is who waits
 *       when the last one is gone.
 *   <li>Otherwise instances are started one after the other: each leaves less for the next.
 * </ol>
 *
 * @param start whether what is left covers a start: of one instance
 * @param over whether nothing is left for what runs
 * @param cut whether instances are cut then, rather than drained
 * @param lookAt when it has to be asked for again, or {@link Instance#NEVER}
 * @param wall the time of day at that moment
 * @param status the budget, or null if there is none
 */
public record Allowance(
    boolean start,
    boolean over,
    boolean cut,
    long lookAt,
    Instant wall,
    @Nullable BudgetStatus status) {

  /** The allowance of a deployment without a budget. */
  public static final Allowance UNLIMITED =
      new Allowance(true, false, false, NEVER, Instant.EPOCH, null);

  /** Returns the same with another time at which it has to be asked for again. */
  public Allowance until(long newLookAt) {
    return new Allowance(start, over, cut, newLookAt, wall, status);
  }

  /** Returns how much of the budget was spent, in the steps that are told of. */
  int level() {
    double share = status == null ? 0 : status.share();
    if (over || share >= 1) {
      return 100;
    }
    return share >= 0.8 ? 80 : share >= 0.5 ? 50 : 0;
  }
}
