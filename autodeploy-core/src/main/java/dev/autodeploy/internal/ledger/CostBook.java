package dev.autodeploy.internal.ledger;

import dev.autodeploy.UsageInterval;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The closed intervals of all deployments of an engine, also of those that were removed.
 * Thread-safe; calls nothing while it is locked.
 */
public final class CostBook {
  private final Map<UsageKey, UsageInterval> closed = new LinkedHashMap<>();

  /** Adds a closed interval, or puts it in place of the same one with other charges. */
  public synchronized void add(UsageInterval usage) {
    closed.put(UsageKey.of(usage), usage);
  }

  /** Returns the closed intervals that a period touches, oldest first. */
  public synchronized List<UsageInterval> closed(Instant from, Instant to) {
    List<UsageInterval> found = new ArrayList<>();
    for (UsageInterval usage : closed.values()) {
      if (usage.startRequestedAt().isBefore(to) && usage.endedAt().isAfter(from)) {
        found.add(usage);
      }
    }
    return found;
  }

  /**
   * Returns closed and open intervals that a period touches.
   *
   * @param open the open ones, which were read before: one that was closed since counts once
   */
  public List<UsageInterval> with(List<UsageInterval> open, Instant from, Instant to) {
    List<UsageInterval> all = closed(from, to);
    Map<String, Instant> ended = new LinkedHashMap<>();
    all.forEach(usage -> ended.merge(usage.instanceId(), usage.endedAt(), CostBook::later));
    for (UsageInterval usage : open) {
      Instant end = ended.get(usage.instanceId());
      boolean closedSince = end != null && end.isAfter(usage.startRequestedAt());
      if (!closedSince && usage.startRequestedAt().isBefore(to) && usage.endedAt().isAfter(from)) {
        all.add(usage);
      }
    }
    return all;
  }

  private static Instant later(Instant a, Instant b) {
    return a.isAfter(b) ? a : b;
  }
}
