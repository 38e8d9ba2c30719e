package dev.autodeploy.internal.ledger;

import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.LedgerEntry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The part of the ledger that is not in pages, as far as it still means something: what is open,
 * and what was closed lately. Not thread-safe.
 */
final class LedgerTail {
  private final Map<UsageKey, UsageInterval> closed = new LinkedHashMap<>();
  private final Map<String, OpenEntry> open = new LinkedHashMap<>();

  /** The intervals that were charged again when they were in a page already. */
  private final Map<UsageKey, UsageInterval> recharged = new HashMap<>();

  /** The last line of the engine's budget, or null. */
  private LedgerEntry.@Nullable Budgeted budget;

  void apply(LedgerEntry entry) {
    if (entry instanceof LedgerEntry.Started started) {
      open.put(started.instanceId(), OpenEntry.of(started));
    } else if (entry instanceof LedgerEntry.Used used) {
      open.computeIfPresent(used.instanceId(), (id, o) -> o.with(used));
    } else if (entry instanceof LedgerEntry.Prepared prepared) {
      open.computeIfPresent(prepared.instanceId(), (id, o) -> o.with(prepared));
    } else if (entry instanceof LedgerEntry.Repriced repriced) {
      open.computeIfPresent(repriced.instanceId(), (id, o) -> o.with(repriced));
    } else if (entry instanceof LedgerEntry.Slept slept) {
      open.computeIfPresent(slept.instanceId(), (id, o) -> o.with(slept));
    } else if (entry instanceof LedgerEntry.Recharged recharged) {
      recharge(recharged.usage());
    } else if (entry instanceof LedgerEntry.Budgeted budgeted) {
      budget = budgeted;
    } else if (entry instanceof LedgerEntry.Released released && !isRepeated(released)) {
      open.remove(released.instanceId());
      closed.put(UsageKey.of(released.usage()), released.usage());
    }
  }

  /**
   * Returns whether a line is there twice, as when the store failed after it had written it. Each
   * end belongs to a start, also of an instance that was given up and found again.
   */
  private boolean isRepeated(LedgerEntry.Released released) {
    return !open.containsKey(released.instanceId())
        && closed.containsKey(UsageKey.of(released.usage()));
  }

  private void recharge(UsageInterval usage) {
    UsageKey key = UsageKey.of(usage);
    if (closed.replace(key, usage) == null) {
      recharged.put(key, usage);
    }
  }

  /** Takes the intervals in pages that were charged again, by what they are. */
  Map<UsageKey, UsageInterval> takeRecharged() {
    Map<UsageKey, UsageInterval> taken = Map.copyOf(recharged);
    recharged.clear();
    return taken;
  }

  int closedCount() {
    return closed.size();
  }

  /** Returns the closed intervals, those that were written first in front. */
  List<UsageInterval> closed() {
    return List.copyOf(closed.values());
  }

  /** Returns some closed intervals, those that were written first. */
  List<UsageInterval> oldest(int count) {
    return closed.values().stream().limit(count).toList();
  }

  void remove(Collection<UsageInterval> usage) {
    recharged.putAll(rechargedOf(usage));
    usage.forEach(one -> closed.remove(UsageKey.of(one)));
  }

  /** Returns those of some intervals that are to go into a page and were charged again since. */
  private Map<UsageKey, UsageInterval> rechargedOf(Collection<UsageInterval> usage) {
    Map<UsageKey, UsageInterval> changed = new LinkedHashMap<>();
    for (UsageInterval one : usage) {
      UsageInterval now = closed.get(UsageKey.of(one));
      if (now != null && !now.equals(one)) {
        changed.put(UsageKey.of(one), now);
      }
    }
    return changed;
  }

  /** Returns the last line of the engine's budget, or null. */
  LedgerEntry.@Nullable Budgeted budget() {
    return budget;
  }

  /** Returns the open intervals by instance. */
  Map<String, OpenEntry> open() {
    return open;
  }

  /** Returns the lines that say all of this, without some intervals. */
  List<LedgerEntry> lines(Collection<UsageInterval> left) {
    Map<UsageKey, UsageInterval> rest = new LinkedHashMap<>(closed);
    left.forEach(usage -> rest.remove(UsageKey.of(usage)));
    List<LedgerEntry> lines = new ArrayList<>();
    if (budget != null) {
      lines.add(budget);
    }
    rest.values().forEach(usage -> lines.add(new LedgerEntry.Released(usage)));
    for (OpenEntry entry : open.values()) { // behind, for one that is found again has both
      lines.addAll(entry.lines());
    }
    Map<UsageKey, UsageInterval> inPages = new LinkedHashMap<>(recharged);
    inPages.putAll(rechargedOf(left));
    inPages.values().forEach(usage -> lines.add(new LedgerEntry.Recharged(usage)));
    return lines;
  }
}
