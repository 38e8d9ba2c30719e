package dev.autodeploy.internal.ledger;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.CostLine;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.LedgerPages;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/** The pages of intervals that ended long ago, written and read with their sums. Thread-safe. */
final class UsagePages {
  /** The number of sums by day that are kept in memory once they were read. */
  private static final int KEPT_SUMS = 40_000;

  private final LedgerPages store;

  /** The sums by day that were read last, by the name of their page. */
  private final Map<String, List<CostLine>> kept = new LinkedHashMap<>(16, 0.75f, true);

  private int keptSums;

  UsagePages(LedgerPages store) {
    this.store = store;
  }

  /**
   * Writes a page, which counts when a ledger names it.
   *
   * @param after the pages that there are
   */
  LedgerEntry.Page write(List<UsageInterval> usage, List<LedgerEntry.Page> after) {
    long last = after.stream().mapToLong(page -> Long.parseLong(page.name())).max().orElse(0);
    String name = String.format("%06d", last + 1);
    Instant from = Instant.MAX;
    Instant to = Instant.MIN;
    for (UsageInterval one : usage) {
      from = one.startRequestedAt().isBefore(from) ? one.startRequestedAt() : from;
      to = one.endedAt().isAfter(to) ? one.endedAt() : to;
    }
    List<String> intervals = PageText.intervals(usage);
    List<List<String>> sums = SumText.of(usage, from, to);
    LedgerEntry.Page page =
        new LedgerEntry.Page(
            name,
            usage.size(),
            PageText.checksum(intervals),
            sums.stream().map(PageText::checksum).toList(),
            from,
            to);
    List<String> names = page.names();
    store.put(names.get(0), intervals);
    for (int i = 0; i < sums.size(); i++) {
      store.put(names.get(i + 1), sums.get(i));
    }
    return page;
  }

  /**
   * Removes what no ledger names.
   *
   * @throws AutoDeployException if a page is missing
   */
  void tidyUp(List<LedgerEntry.Page> pages) {
    List<String> names = new ArrayList<>();
    for (LedgerEntry.Page page : pages) {
      names.addAll(page.names());
    }
    Set<String> present = store.retain(names);
    names.removeIf(present::contains);
    if (!names.isEmpty()) {
      throw damaged("its pages " + names + " are missing");
    }
  }

  /** Returns a page as a part of the costs. */
  CostChunk chunk(LedgerEntry.Page page) {
    return new CostChunk() {
      @Override
      public void usage(BiPredicate<Instant, Instant> wanted, Consumer<UsageInterval> each) {
        read(page, wanted, each);
      }

      @Override
      public @Nullable CostSums sums(CostAlignment alignment) {
        boolean earlier = page.sums().size() == 1;
        return earlier && alignment != CostAlignment.FULL_HOUR ? null : new Sums(page, alignment);
      }
    };
  }

  void read(
      LedgerEntry.Page page, BiPredicate<Instant, Instant> wanted, Consumer<UsageInterval> each) {
    String name = page.names().get(0);
    List<String> lines = checked(name, page.checksum());
    PageText.intervals(lines, "page " + name + " of the ledger", wanted, each);
  }

  /** Returns the intervals of a page. */
  List<UsageInterval> all(LedgerEntry.Page page) {
    List<UsageInterval> usage = new ArrayList<>(page.intervals());
    read(page, (from, to) -> true, usage::add);
    return usage;
  }

  /** The sums of a page, read when somebody asks for them. */
  private final class Sums implements CostSums {
    private final LedgerEntry.Page page;
    private final CostAlignment alignment;

    Sums(LedgerEntry.Page page, CostAlignment alignment) {
      this.page = page;
      this.alignment = alignment;
    }

    @Override
    public List<CostLine> days() {
      String key = page.name() + ' ' + alignment;
      synchronized (kept) {
        List<CostLine> known = kept.get(key);
        if (known != null) {
          return known;
        }
      }
      List<CostLine> days = SumText.days(lines(true), alignment);
      keep(key, days);
      return days;
    }

    @Override
    public List<CostLine> hours(LongPredicate wanted) {
      return SumText.hours(lines(false), alignment, wanted);
    }

    private List<String> lines(boolean days) {
      int index = page.sums().size() == 1 ? 0 : alignment.firstPage() + (days ? 0 : 1);
      return checked(page.names().get(index + 1), page.sums().get(index));
    }
  }

  private void keep(String key, List<CostLine> days) {
    synchronized (kept) {
      if (kept.put(key, days) == null) {
        keptSums += days.size();
      }
      while (keptSums > KEPT_SUMS && kept.size() > 1) {
        String eldest = kept.keySet().iterator().next();
        List<CostLine> removed = kept.remove(eldest);
        keptSums -= removed == null ? 0 : removed.size();
      }
    }
  }

  private List<String> checked(String name, String checksum) {
    List<String> lines = store.get(name);
    String actual = PageText.checksum(lines);
    if (!actual.equals(checksum)) {
      throw damaged(
          "the checksum of its page "
              + name
              + " is "
              + actual
              + " and not "
              + checksum
              + ": it was changed");
    }
    return lines;
  }

  private static AutoDeployException damaged(String what) {
    return new AutoDeployException(
        ErrorCode.STATE_FAILED,
        null,
        "the ledger is damaged: " + what + ". Restore it from a backup, with the whole state.");
  }
}
