package dev.autodeploy.internal.ledger;

import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.LedgerEntry;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Currency;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The use that a budget's period has of intervals in pages, a deployment's or all. Pages that
 * cannot be read count as they did last, or as nothing, until {@link #read} can read them: a
 * decision that needs no money must not fail for them. Thread-safe.
 */
final class PagesUse {
  private static final Logger LOG = LoggerFactory.getLogger(PagesUse.class);

  /** The deployment, or null for all. */
  private final @Nullable String deployment;

  private final CostBook costs;

  private volatile @Nullable Known known;

  /**
   * Makes one that has read nothing.
   *
   * @param deployment the deployment, or null for all
   */
  PagesUse(@Nullable String deployment, CostBook costs) {
    this.deployment = deployment;
    this.costs = costs;
  }

  /**
   * The intervals that count.
   *
   * @param createdAt when the deployment was made: what began before is another's
   * @param since when the period began
   * @param currency the currency that is summed, or null for seconds of GPU time
   */
  record Wanted(Instant createdAt, Instant since, @Nullable Currency currency) {}

  private record Known(
      Wanted wanted, List<LedgerEntry.Page> pages, BigDecimal use, boolean failed) {}

  /** Returns the use of some pages; reads them only if nobody tried to before. */
  BigDecimal of(Wanted wanted, List<LedgerEntry.Page> pages) {
    Known last = known;
    return last != null && fits(last, wanted, pages) ? last.use() : read(wanted, pages, last).use();
  }

  /** Reads the pages that there are, unless it has; returns whether the use is another one now. */
  boolean read(Wanted wanted) {
    List<LedgerEntry.Page> pages = costs.written();
    Known last = known;
    if (last != null && fits(last, wanted, pages) && !last.failed()) {
      return false;
    }
    Known read = read(wanted, pages, last);
    return last == null || last.failed() != read.failed() || last.use().compareTo(read.use()) != 0;
  }

  /** Returns whether pages could not be read when that was last tried. */
  boolean hasFailed() {
    Known last = known;
    return last != null && last.failed();
  }

  private static boolean fits(Known last, Wanted wanted, List<LedgerEntry.Page> pages) {
    return last.wanted().equals(wanted) && last.pages().equals(pages);
  }

  private Known read(Wanted wanted, List<LedgerEntry.Page> pages, @Nullable Known last) {
    Known read;
    try {
      read = new Known(wanted, pages, sum(wanted, pages), false);
    } catch (RuntimeException | Error e) {
      boolean usable = last != null && last.wanted().equals(wanted);
      BigDecimal use = usable && last != null ? last.use() : BigDecimal.ZERO;
      read = new Known(wanted, pages, use, true);
      LOG.error(
          "{}: pages of the ledger cannot be read, so the budget counts {} of them until they can",
          deployment == null ? "the engine" : deployment,
          usable ? "an earlier sum" : "nothing",
          e);
    }
    known = read;
    return read;
  }

  private BigDecimal sum(Wanted wanted, List<LedgerEntry.Page> pages) {
    if (wanted.currency() != null) {
      return costs.spentInPages(
          pages, deployment, wanted.createdAt(), wanted.since(), wanted.currency());
    }
    BigDecimal[] use = {BigDecimal.ZERO};
    costs.inPages(
        pages,
        deployment,
        wanted.createdAt(),
        wanted.since(),
        usage -> use[0] = use[0].add(gpuTime(usage, wanted.since())));
    return use[0];
  }

  /** Returns the seconds of GPU time that an interval has since a moment. */
  static BigDecimal gpuTime(UsageInterval usage, Instant since) {
    BigDecimal all = CostParts.seconds(CostParts.gpuTime(usage));
    return usage.startRequestedAt().isBefore(since)
        ? all.subtract(CostParts.seconds(CostParts.gpuTime(usage.until(since))))
        : all;
  }
}
