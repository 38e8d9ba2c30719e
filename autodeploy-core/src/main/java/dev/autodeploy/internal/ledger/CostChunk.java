package dev.autodeploy.internal.ledger;

import dev.autodeploy.UsageInterval;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A part of the closed and open intervals of an engine, in memory or in a page. */
public interface CostChunk {

  /**
   * Hands over intervals.
   *
   * @param wanted chooses them by their beginnings and ends
   * @param each gets them, whole
   */
  void usage(BiPredicate<Instant, Instant> wanted, Consumer<UsageInterval> each);

  /** Returns the sums of all of them, or null if there are none and the intervals say it. */
  @Nullable CostSums sums(CostAlignment alignment);

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
      public @Nullable CostSums sums(CostAlignment alignment) {
        return null;
      }
    };
  }
}
