package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.BudgetStatus;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The starts and the use that budgets allow a deployment at a moment: its own, and the engine's, of
 * which the stricter one counts. The rules of a machine that has one:
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
 * @param status the deployment's own budget, or null if there is none
 * @param level how much of that was spent, in the steps that are told of
 * @param engine the engine's budget, or null if there is none
 */
public record Allowance(
    boolean start,
    boolean over,
    boolean cut,
    long lookAt,
    Instant wall,
    @Nullable BudgetStatus status,
    int level,
    @Nullable BudgetStatus engine) {

  /** The allowance of a deployment without a budget. */
  public static final Allowance UNLIMITED =
      new Allowance(true, false, false, NEVER, Instant.EPOCH, null);

  /** Makes the allowance of a deployment's own budget. */
  public Allowance(
      boolean start,
      boolean over,
      boolean cut,
      long lookAt,
      Instant wall,
      @Nullable BudgetStatus status) {
    this(start, over, cut, lookAt, wall, status, level(status, over), null);
  }

  /**
   * Makes the allowance of the engine's budget, which looks at itself when it is time.
   *
   * @param start whether what is left covers a start of the deployment that asks
   * @param over whether nothing is left for what runs
   * @param cut whether instances are cut then, rather than drained
   * @param wall the time of day
   * @param engine the budget
   */
  public static Allowance ofEngine(
      boolean start, boolean over, boolean cut, Instant wall, BudgetStatus engine) {
    return new Allowance(start, over, cut, NEVER, wall, null, 0, engine);
  }

  /** Returns the same with another time at which it has to be asked for again. */
  public Allowance until(long newLookAt) {
    return new Allowance(start, over, cut, newLookAt, wall, status, level, engine);
  }

  /** Returns what is left of this one, which is a deployment's own, beside the engine's. */
  public Allowance within(Allowance ofEngine) {
    boolean ends = over && cut;
    return new Allowance(
        start && ofEngine.start,
        over || ofEngine.over,
        ends || (ofEngine.over && ofEngine.cut),
        Math.min(lookAt, ofEngine.lookAt),
        ofEngine.wall,
        status,
        level,
        ofEngine.engine);
  }

  /** Returns whether there is a budget. */
  boolean isLimited() {
    return status != null || engine != null;
  }

  /** Returns whether it is the engine's budget of which nothing is left for what runs. */
  boolean isOverOfEngine() {
    return over && engine != null && engine.exhausted();
  }

  /** Returns whether it is the engine's budget that covers no start. */
  boolean isRefusedByEngine() {
    return engine != null && (status == null || status.startable()) && !start;
  }

  /** Returns the budget that covers no start. */
  @Nullable BudgetStatus refusing() {
    return isRefusedByEngine() || status == null ? engine : status;
  }

  /** Returns how much of a budget was spent, in the steps that are told of. */
  public static int level(@Nullable BudgetStatus status, boolean over) {
    double share = status == null ? 0 : status.share();
    if (over || share >= 1) {
      return 100;
    }
    return share >= 0.8 ? 80 : share >= 0.5 ? 50 : 0;
  }
}
