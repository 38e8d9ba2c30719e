package dev.autodeploy.internal.ledger;

import dev.autodeploy.CostLine;
import dev.autodeploy.UsageInterval;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.function.BiPredicate;
import java.util.function.Consumer;

/** A part of the closed and open intervals of an engine, in memory or in a page. */
public interface CostChunk {

  /**
   * Hands over intervals.
   *
   * @param wanted chooses them by their beginnings and ends
   * @param each gets them, whole
   */
  void usage(BiPredicate<Instant, Instant> wanted, Consumer<UsageInterval> each);

  /**
   * Returns the sums of all of them by day of UTC, deployment, GPU model and caller.
   *
   * @return the sums; empty if there are none, and {@link #hours} have to be looked at
   */
  List<CostLine> days();

  /**
   * Returns the sums of all of them by hour of UTC, deployment, GPU model and caller.
   *
   * @return the sums; empty if there are none, and the intervals have to be looked at
   */
  List<CostLine> hours();

  /** Returns the part that is in memory. */
  static CostChunk of(Collection<UsageInterval> usage) {
    List<UsageInterval> all = List.copyOf(usage);
    return new CostChunk() {
      @Override
      public void usage(BiPredicate<Instant, Instant> wanted, Consumer<UsageInterval> each) {
        for (UsageInterval one : all) {
          if (wanted.test(one.startRequestedAt(), one.endedAt())) {
            each.accept(one);
          }
        }
      }

      @Override
      public List<CostLine> days() {
        return List.of();
      }

      @Override
      public List<CostLine> hours() {
        return List.of();
      }
    };
  }
}
