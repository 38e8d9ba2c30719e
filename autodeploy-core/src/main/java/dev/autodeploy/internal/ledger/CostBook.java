package dev.autodeploy.internal.ledger;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.Budget;
import dev.autodeploy.CostLine;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.LedgerPages;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Currency;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The closed intervals of all deployments of an engine, also of those that were removed: recent
 * ones in memory, older ones in pages of which only the places are. Thread-safe; reads pages while
 * it is locked only for {@link #earlier}.
 */
public final class CostBook {
  private final @Nullable UsagePages pages;

  /** The sums that the engine's budget needs of pages. */
  private final PagesUse usedInPages = new PagesUse(null, this);

  // Guarded by this.
  private @Nullable PeriodUse used;
  private long changes;
  private final Map<String, Map<UsageKey, UsageInterval>> recent = new HashMap<>();
  private List<LedgerEntry.Page> written = List.of();
  private CarriedCosts carried = new CarriedCosts();

  /**
   * Creates an empty one.
   *
   * @param store keeps the pages, or null to have all in memory
   */
  public CostBook(@Nullable LedgerPages store) {
    pages = store == null ? null : new UsagePages(store);
  }

  @Nullable UsagePages pages() {
    return pages;
  }

  /** Adds a closed interval, or puts it in place of the same one with other charges. */
  public synchronized void add(UsageInterval usage) {
    UsageInterval before =
        recent
            .computeIfAbsent(usage.deployment(), name -> new LinkedHashMap<>())
            .put(UsageKey.of(usage), usage);
    changes++;
    if (used != null) {
      used.add(usage);
      if (before != null) {
        used.subtract(before);
      }
    }
  }

  // For the writer of the ledger.

  synchronized List<LedgerEntry.Page> written() {
    return written;
  }

  /** Takes over what the ledger says of pages. */
  synchronized void restore(LedgerEntry line) {
    if (line instanceof LedgerEntry.Page page) {
      add(page);
    } else if (line instanceof LedgerEntry.Carried sum) {
      carried.restore(sum);
    }
  }

  private void add(LedgerEntry.Page page) {
    List<LedgerEntry.Page> all = new ArrayList<>(written);
    all.add(page);
    written = List.copyOf(all);
    changes++; // an interval is in both, or in neither, for those who read the one before
  }

  /** Begins the sum of a deployment that is stored, unless it is known. */
  synchronized void expect(String deployment, Instant since) {
    if (written.isEmpty() && carried.find(deployment, since) == null) {
      carried.begin(deployment, since);
    }
  }

  /** Returns the sums as they are with some intervals more and others less. */
  synchronized List<LedgerEntry> carriedWith(
      Collection<UsageInterval> more, Collection<UsageInterval> less) {
    CarriedCosts next = carried.copy();
    more.forEach(next::add);
    less.forEach(next::subtract);
    return next.lines();
  }

  /** Intervals that were in memory are in a page now. */
  synchronized void archived(LedgerEntry.Page page, Collection<UsageInterval> usage) {
    add(page);
    for (UsageInterval one : usage) {
      Map<UsageKey, UsageInterval> own = recent.get(one.deployment());
      if (own != null) {
        own.remove(UsageKey.of(one));
        if (own.isEmpty()) {
          recent.remove(one.deployment());
        }
      }
      carried.add(one);
    }
  }

  /** Pages were written with other charges. */
  synchronized void replaced(
      List<LedgerEntry.Page> pagesNow,
      Collection<UsageInterval> after,
      Collection<UsageInterval> before) {
    written = List.copyOf(pagesNow);
    changes++;
    used = null;
    after.forEach(carried::add);
    before.forEach(carried::subtract);
  }

  // For those who ask.

  /**
   * The earlier cost of a deployment's instances.
   *
   * @param parts the sum of what is in pages, by currency
   * @param recent its other intervals
   */
  record Earlier(Map<Currency, CostParts> parts, List<UsageInterval> recent) {}

  /** Returns what the instances of a deployment have cost that began since a moment. */
  synchronized Earlier earlier(String deployment, Instant since) {
    Map<Currency, CostParts> parts = carried.find(deployment, since);
    if (parts == null) {
      carried.begin(deployment, since);
      for (LedgerEntry.Page page : written) {
        if (pages != null && page.to().isAfter(since)) {
          pages.read(
              page,
              (from, to) -> !from.isBefore(since),
              usage -> {
                if (usage.deployment().equals(deployment)) {
                  carried.add(usage);
                }
              });
        }
      }
      parts = carried.find(deployment, since);
    }
    return new Earlier(parts == null ? Map.of() : Map.copyOf(parts), recent(deployment, since));
  }

  private List<UsageInterval> recent(String deployment, Instant since) {
    return recent.getOrDefault(deployment, Map.of()).values().stream()
        .filter(usage -> !usage.startRequestedAt().isBefore(since))
        .toList();
  }

  /** Forgets the sum of a deployment that is removed; its intervals stay. */
  public synchronized void removed(String deployment) {
    carried.forget(deployment);
  }

  /** Returns the parts of the costs that a period touches. */
  private List<CostChunk> chunks(@Nullable String deployment, Instant from, Instant to) {
    List<CostChunk> chunks = new ArrayList<>();
    List<UsageInterval> inMemory = new ArrayList<>();
    synchronized (this) {
      for (LedgerEntry.Page page : written) {
        if (pages != null && page.from().isBefore(to) && page.to().isAfter(from)) {
          chunks.add(pages.chunk(page));
        }
      }
      Collection<Map<UsageKey, UsageInterval>> all =
          deployment == null ? recent.values() : List.of(recent.getOrDefault(deployment, Map.of()));
      all.forEach(own -> inMemory.addAll(own.values()));
    }
    inMemory.removeIf(usage -> !touches(usage.startRequestedAt(), usage.endedAt(), from, to));
    chunks.add(CostChunk.of(inMemory));
    return chunks;
  }

  private static boolean touches(Instant start, Instant end, Instant from, Instant to) {
    return start.isBefore(to) && end.isAfter(from);
  }

  /** Hands over the closed intervals that a period touches, of one deployment or of all (null). */
  public void closed(
      @Nullable String deployment, Instant from, Instant to, Consumer<UsageInterval> each) {
    read(chunks(deployment, from, to), deployment, from, to, each);
  }

  /**
   * Hands over the closed intervals of a deployment that a period touches.
   *
   * @param open its open ones, which were read before
   * @return those of the open ones that the period touches and that were not handed over
   */
  public List<UsageInterval> closed(
      String deployment,
      List<UsageInterval> open,
      Instant from,
      Instant to,
      Consumer<UsageInterval> each) {
    List<CostChunk> chunks;
    List<UsageInterval> still;
    synchronized (this) { // or one that is closed while pages are read would be in neither
      chunks = chunks(deployment, from, to);
      still = notClosed(open, from, to);
    }
    read(chunks, deployment, from, to, each);
    return still;
  }

  private static void read(
      List<CostChunk> chunks,
      @Nullable String deployment,
      Instant from,
      Instant to,
      Consumer<UsageInterval> each) {
    BiPredicate<Instant, Instant> wanted = (start, end) -> touches(start, end, from, to);
    for (CostChunk chunk : chunks) {
      chunk.usage(
          wanted,
          usage -> {
            if (deployment == null || usage.deployment().equals(deployment)) {
              each.accept(usage);
            }
          });
    }
  }

  /** Returns the closed intervals in memory, those that ended first in front. */
  public synchronized List<UsageInterval> recent() {
    return recent.values().stream()
        .flatMap(own -> own.values().stream())
        .sorted(Comparator.comparing(UsageInterval::endedAt))
        .toList();
  }

  /**
   * Returns closed and open intervals that a period touches.
   *
   * @param open the open ones, which were read before: one that was closed since counts once
   */
  public synchronized List<CostChunk> with(List<UsageInterval> open, Instant from, Instant to) {
    List<CostChunk> all = chunks(null, from, to);
    all.add(CostChunk.of(notClosed(open, from, to)));
    return all;
  }

  /** Returns those of some open intervals that a period touches and that were not closed since. */
  List<UsageInterval> notClosed(List<UsageInterval> open, Instant from, Instant to) {
    List<UsageInterval> still = new ArrayList<>();
    for (UsageInterval usage : open) {
      if (touches(usage.startRequestedAt(), usage.endedAt(), from, to)
          && !wasClosed(usage.deployment(), usage.instanceId(), usage.startRequestedAt())) {
        still.add(usage);
      }
    }
    return still;
  }

  private synchronized boolean wasClosed(String deployment, String instanceId, Instant after) {
    return recent.getOrDefault(deployment, Map.of()).values().stream()
        .anyMatch(usage -> usage.instanceId().equals(instanceId) && usage.endedAt().isAfter(after));
  }

  /** Returns the last closed interval of an instance that began at a moment, or null. */
  public @Nullable UsageInterval ended(String deployment, String instanceId, Instant began) {
    List<UsageInterval> found = new ArrayList<>();
    closed(
        deployment,
        began,
        Instant.MAX,
        usage -> {
          if (usage.instanceId().equals(instanceId)) {
            found.add(usage);
          }
        });
    return found.stream().max(Comparator.comparing(UsageInterval::endedAt)).orElse(null);
  }

  // For the engine's budget.

  /** Returns what all closed intervals used of a budget since a moment. */
  BigDecimal use(Budget budget, Instant since) {
    while (true) {
      List<UsageInterval> inMemory = new ArrayList<>();
      List<LedgerEntry.Page> places;
      long before;
      synchronized (this) {
        if (used != null && used.fits(budget, since)) {
          return used.sum();
        }
        recent.values().forEach(own -> inMemory.addAll(own.values()));
        places = written;
        before = changes;
      }
      PeriodUse made = new PeriodUse(budget, since, usedInPages.of(wanted(budget, since), places));
      inMemory.forEach(made::add);
      synchronized (this) {
        if (changes == before) {
          used = made;
          return made.sum();
        }
      }
    }
  }

  private static PagesUse.Wanted wanted(Budget budget, Instant since) {
    Money money = budget.money();
    return new PagesUse.Wanted(Instant.MIN, since, money == null ? null : money.currency());
  }

  /** Reads the pages that a budget needs, before anything is locked for it; blocks. */
  void readPages(Budget budget, Instant since) {
    if (usedInPages.read(wanted(budget, since))) {
      synchronized (this) {
        changes++;
        used = null;
      }
    }
  }

  /** Returns whether pages could not be read for the engine's budget when that was last tried. */
  boolean lacksPages() {
    return usedInPages.hasFailed();
  }

  /** Returns what a deployment's intervals in some pages, or all, cost from a moment on. */
  BigDecimal spentInPages(
      List<LedgerEntry.Page> some,
      @Nullable String deployment,
      Instant createdAt,
      Instant since,
      Currency currency) {
    BigDecimal spent = BigDecimal.ZERO;
    for (LedgerEntry.Page page : some) {
      if (pages != null && page.to().isAfter(since)) {
        spent = spent.add(spent(pages, page, deployment, createdAt, since, currency));
      }
    }
    return spent;
  }

  private static BigDecimal spent(
      UsagePages pages,
      LedgerEntry.Page page,
      @Nullable String deployment,
      Instant createdAt,
      Instant since,
      Currency currency) {
    Instant whole = since.truncatedTo(ChronoUnit.HOURS).plus(1, ChronoUnit.HOURS);
    boolean bySums = !page.from().isBefore(createdAt);
    BigDecimal[] sum = {BigDecimal.ZERO};
    if (bySums) {
      CostSums sums = requireNonNull(pages.chunk(page).sums(CostAlignment.FULL_HOUR), "sums");
      Instant byDay = whole.plus(1, ChronoUnit.DAYS).truncatedTo(ChronoUnit.DAYS);
      sum[0] = total(sums.days(), deployment, currency, byDay);
      if (page.from().isBefore(byDay)) {
        long first = whole.getEpochSecond();
        long last = byDay.getEpochSecond();
        List<CostLine> hours = sums.hours(hour -> hour >= first && hour < last);
        sum[0] = sum[0].add(total(hours, deployment, currency, whole));
      }
    }
    if (bySums && !page.from().isBefore(whole)) {
      return sum[0];
    }
    Instant end = bySums ? whole : Instant.MAX;
    pages.read(
        page,
        (from, to) -> touches(from, to, since, end) && !from.isBefore(createdAt),
        usage -> {
          if (deployment == null || usage.deployment().equals(deployment)) {
            BigDecimal until = usage.until(end).charged(currency).amount();
            sum[0] = sum[0].add(until.subtract(usage.until(since).charged(currency).amount()));
          }
        });
    return sum[0];
  }

  /** Returns the sum of the lines that begin at a moment or later. */
  private static BigDecimal total(
      List<CostLine> lines, @Nullable String deployment, Currency currency, Instant from) {
    BigDecimal total = BigDecimal.ZERO;
    for (CostLine line : lines) {
      if ((deployment == null || deployment.equals(line.deployment()))
          && line.currency().equals(currency)
          && !line.from().isBefore(from)) {
        total = total.add(line.total().amount());
      }
    }
    return total;
  }

  /** Hands over the intervals of a deployment, or all, in some pages that ended after a moment. */
  void inPages(
      List<LedgerEntry.Page> some,
      @Nullable String deployment,
      Instant createdAt,
      Instant since,
      Consumer<UsageInterval> each) {
    for (LedgerEntry.Page page : some) {
      if (pages != null && page.to().isAfter(since)) {
        pages.read(
            page,
            (from, to) -> to.isAfter(since) && !from.isBefore(createdAt),
            usage -> {
              if (deployment == null || usage.deployment().equals(deployment)) {
                each.accept(usage);
              }
            });
      }
    }
  }

  /**
   * The closed intervals at one moment.
   *
   * @param recent a deployment's in memory, also those of an earlier one of the name
   * @param pages the places of the others
   */
  record Snapshot(List<UsageInterval> recent, List<LedgerEntry.Page> pages) {}

  /** Returns the closed intervals of a deployment: each in memory or in a page. */
  synchronized Snapshot snapshot(String deployment) {
    return new Snapshot(List.copyOf(recent.getOrDefault(deployment, Map.of()).values()), written);
  }
}
