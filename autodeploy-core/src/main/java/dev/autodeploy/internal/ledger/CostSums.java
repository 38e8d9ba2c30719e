package dev.autodeploy.internal.ledger;

import dev.autodeploy.CostLine;
import java.util.List;
import java.util.function.LongPredicate;

/**
 * The sums of a part of the costs, by deployment, GPU model and caller, and by days and hours of
 * UTC or by days and hours that begin at half past, as {@link CostAlignment} says.
 */
public interface CostSums {

  /** Returns the sums of all by day. */
  List<CostLine> days();

  /**
   * Returns sums by hour.
   *
   * @param wanted chooses them by the second, since 1970, in which the hour begins
   */
  List<CostLine> hours(LongPredicate wanted);
}
