package dev.autodeploy.internal.ledger;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.util.Errors;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.Notes;
import dev.autodeploy.spi.StateStore;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the ledger once and appends to it, in order. An entry that must not get lost is kept and
 * written later if the store fails. Moves intervals to pages when there are many in memory. Blocks
 * while the store writes; thread-safe.
 */
public final class LedgerWriter {
  private static final Logger LOG = LoggerFactory.getLogger(LedgerWriter.class);

  /** The number of released instances that are remembered. */
  private static final int MEMORY = 1000;

  /** The number of intervals in a page; up to twice as many and a little are in memory. */
  static final int PAGE = 2000;

  private final StateStore store;
  private final CostBook costs;
  private final int page;

  /** Guards the writing of pages; taken before the other one. */
  private final ReentrantLock archiving = new ReentrantLock();

  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<LedgerEntry> backlog = new ArrayDeque<>();
  private final LedgerTail tail = new LedgerTail();

  /** The final usage interval of recently released instances, by id. */
  private final Map<String, UsageInterval> ends =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, UsageInterval> eldest) {
          return size() > MEMORY;
        }
      };

  /** Returns where the store keeps what was learned. */
  public Notes notes() {
    return store.notes();
  }

  public LedgerWriter(StateStore store) {
    this(store, PAGE);
  }

  /** Creates one with pages of another size. */
  public LedgerWriter(StateStore store, int page) {
    this.store = store;
    this.costs = new CostBook(store.pages());
    this.page = page;
  }

  /** Returns the closed intervals. */
  public CostBook costs() {
    return costs;
  }

  /**
   * The ledger as earlier processes left it.
   *
   * @param open what is open, by instance
   * @param charged lines of intervals that were charged now, which are to be written
   */
  public record Opened(Map<String, OpenEntry> open, List<LedgerEntry> charged) {}

  /**
   * Reads the ledger, once, before anything is appended.
   *
   * @param charge charges an interval that an earlier version left without a price; returns any
   *     other as it is
   * @param deployments when the deployments that are stored were made
   */
  @SuppressWarnings("ReferenceEquality") // the same one was not charged
  public Opened read(UnaryOperator<UsageInterval> charge, Map<String, Instant> deployments) {
    List<LedgerEntry> charged = new ArrayList<>();
    archiving.lock();
    lock.lock();
    try {
      boolean[] moved = {false};
      store.readLedger(
          entry -> {
            costs.restore(entry);
            tail.apply(entry);
            if (costs.pages() != null && tail.closedCount() >= 2 * page) {
              deployments.forEach(costs::expect);
              List<UsageInterval> oldest = tail.oldest(page);
              List<UsageInterval> paid = oldest.stream().map(charge).toList();
              costs.archived(costs.pages().write(paid, costs.written()), paid);
              tail.remove(oldest);
              moved[0] = true;
            }
          });
      for (UsageInterval usage : tail.closed()) {
        UsageInterval paid = charge.apply(usage);
        if (!paid.equals(usage)) {
          charged.add(new LedgerEntry.Recharged(paid));
        }
        costs.add(paid);
      }
      if (moved[0]) {
        replaceLedger(costs.written(), List.of(), List.of(), List.of());
      }
      rechargePages(tail.takeRecharged());
      if (costs.pages() != null) {
        costs.pages().tidyUp(costs.written());
      }
      return new Opened(new LinkedHashMap<>(tail.open()), charged);
    } finally {
      lock.unlock();
      archiving.unlock();
    }
  }

  /** Returns the last line of the engine's budget, or null if there is none. */
  public LedgerEntry.@Nullable Budgeted budget() {
    lock.lock();
    try {
      return tail.budget();
    } finally {
      lock.unlock();
    }
  }

  private void rechargePages(Map<UsageKey, UsageInterval> recharged) {
    if (!recharged.isEmpty()) {
      rechargePages(
          Instant.MIN,
          Instant.MAX,
          usage -> recharged.getOrDefault(UsageKey.of(usage), usage),
          (before, after) -> {});
    }
  }

  private void replaceLedger(
      List<LedgerEntry.Page> pages,
      List<UsageInterval> moved,
      List<UsageInterval> more,
      List<UsageInterval> less) {
    List<LedgerEntry> entries = new ArrayList<>(pages);
    List<UsageInterval> added = new ArrayList<>(moved);
    added.addAll(more);
    entries.addAll(costs.carriedWith(added, less));
    entries.addAll(tail.lines(moved));
    requireNonNull(store.pages(), "pages").replaceLedger(entries);
  }

  /** Moves the oldest intervals to pages while there are too many in memory. */
  public void archive() {
    UsagePages pages = costs.pages();
    if (pages == null) {
      return;
    }
    archiving.lock();
    try {
      for (List<UsageInterval> oldest = due(); !oldest.isEmpty(); oldest = due()) {
        LedgerEntry.Page written = pages.write(oldest, costs.written());
        lock.lock();
        try {
          List<LedgerEntry.Page> all = new ArrayList<>(costs.written());
          all.add(written);
          replaceLedger(all, oldest, List.of(), List.of());
          tail.remove(oldest);
        } finally {
          lock.unlock();
        }
        costs.archived(written, oldest);
      }
    } catch (RuntimeException e) {
      LOG.warn("Old intervals could not be moved to a page of the ledger and stay in memory", e);
    } finally {
      archiving.unlock();
    }
  }

  private List<UsageInterval> due() {
    lock.lock();
    try {
      boolean due = tail.closedCount() >= 2 * page && backlog.isEmpty();
      return due ? tail.oldest(page) : List.of();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Charges intervals again, in pages and in memory; none is moved meanwhile.
   *
   * @param change returns an interval with other charges, or the same one
   * @param changed gets each that is written with other charges: as it was, and as it is
   */
  public void recharge(
      Instant from,
      Instant to,
      UnaryOperator<UsageInterval> change,
      BiConsumer<UsageInterval, UsageInterval> changed) {
    archiving.lock();
    try {
      rechargePages(from, to, change, changed);
      for (UsageInterval before : costs.recent()) {
        UsageInterval after = change.apply(before);
        if (!after.equals(before)) {
          append(new LedgerEntry.Recharged(after));
          costs.add(after);
          changed.accept(before, after);
        }
      }
    } finally {
      archiving.unlock();
    }
  }

  private void rechargePages(
      Instant from,
      Instant to,
      UnaryOperator<UsageInterval> change,
      BiConsumer<UsageInterval, UsageInterval> changed) {
    UsagePages pages = costs.pages();
    if (pages == null) {
      return;
    }
    archiving.lock();
    try {
      List<UsageInterval> before = new ArrayList<>();
      List<UsageInterval> after = new ArrayList<>();
      List<LedgerEntry.Page> all = new ArrayList<>(costs.written());
      for (int i = 0; i < all.size(); i++) {
        LedgerEntry.Page old = all.get(i);
        if (!old.from().isBefore(to) || old.to().isBefore(from)) {
          continue;
        }
        List<UsageInterval> now = new ArrayList<>();
        int others = after.size();
        for (UsageInterval usage : pages.all(old)) {
          UsageInterval paid = change.apply(usage);
          if (!paid.equals(usage)) {
            before.add(usage);
            after.add(paid);
          }
          now.add(paid);
        }
        if (after.size() > others) {
          all.set(i, pages.write(now, all));
        }
      }
      if (!after.isEmpty()) {
        lock.lock();
        try {
          replaceLedger(all, List.of(), after, before);
        } finally {
          lock.unlock();
        }
        costs.replaced(all, after, before);
        for (int i = 0; i < after.size(); i++) {
          changed.accept(before.get(i), after.get(i));
        }
      }
    } finally {
      archiving.unlock();
    }
  }

  /** Appends an entry, or throws what the store throws: then it may not be written. */
  public void append(LedgerEntry entry) {
    lock.lock();
    try {
      writeBacklog();
      store.append(entry);
      tail.apply(entry);
    } finally {
      lock.unlock();
    }
  }

  /** Appends an entry now, or as soon as the store takes it. */
  public void appendReliably(LedgerEntry entry) {
    lock.lock();
    try {
      backlog.add(entry);
      if (entry instanceof LedgerEntry.Released released) {
        ends.put(released.instanceId(), released.usage());
      }
    } finally {
      lock.unlock();
    }
    retry();
  }

  /** Returns what the ledger has last of an instance that was released, or null if it was not. */
  public @Nullable UsageInterval ended(String instanceId) {
    lock.lock();
    try {
      return ends.get(instanceId);
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether any instance has been released. */
  public boolean hasEnds() {
    lock.lock();
    try {
      return !ends.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** Writes what could not be written before. */
  public void retry() {
    lock.lock();
    try {
      writeBacklog();
    } catch (RuntimeException | Error e) {
      LOG.error(
          "{} ledger entries could not be written and are kept until the store takes them",
          backlog.size(),
          e);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Writes what could not be written before, for the last time.
   *
   * @throws AutoDeployException if the store does not take it: then it is lost
   */
  public void finish() {
    lock.lock();
    try {
      writeBacklog();
    } catch (RuntimeException | Error e) {
      throw new AutoDeployException(
          ErrorCode.STATE_FAILED,
          null,
          backlog.size()
              + " ledger entries could not be written and are lost, of instances "
              + backlog.stream().map(LedgerEntry::instanceId).distinct().toList()
              + ": "
              + Errors.describe(e)
              + "; the next engine counts an instance whose end is missing until it looks for it,"
              + " so make the store writable and start the engine again soon",
          e);
    } finally {
      lock.unlock();
    }
  }

  private void writeBacklog() {
    for (LedgerEntry entry = backlog.peek(); entry != null; entry = backlog.peek()) {
      store.append(entry);
      tail.apply(entry);
      backlog.remove();
    }
  }
}
