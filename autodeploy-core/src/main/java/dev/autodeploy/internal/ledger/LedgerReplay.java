package dev.autodeploy.internal.ledger;

import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.LedgerEntry;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The ledger of earlier processes: what was closed, and what is still open. */
public final class LedgerReplay {
  private final Map<String, Map<UsageKey, UsageInterval>> closed = new LinkedHashMap<>();
  private final Map<String, OpenEntry> open = new LinkedHashMap<>();

  public LedgerReplay(List<LedgerEntry> entries) {
    for (LedgerEntry entry : entries) {
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
      } else if (entry instanceof LedgerEntry.Released released) {
        if (!isRepeated(released)) {
          close(released.usage());
        }
      }
    }
  }

  /**
   * Returns whether a line is there twice, as when the store failed after it had written it. Each
   * end belongs to a start, also of an instance that was given up and found again.
   */
  private boolean isRepeated(LedgerEntry.Released released) {
    UsageInterval usage = released.usage();
    return !open.containsKey(usage.instanceId())
        && closed.getOrDefault(usage.deployment(), Map.of()).containsKey(UsageKey.of(usage));
  }

  /** Puts an interval with other charges in place of the one that it is. */
  public void recharge(UsageInterval usage) {
    closed
        .getOrDefault(usage.deployment(), Map.of())
        .computeIfPresent(UsageKey.of(usage), (key, before) -> usage);
  }

  /** The closed intervals of a deployment, oldest first. */
  public List<UsageInterval> closed(String deployment) {
    return List.copyOf(closed.getOrDefault(deployment, Map.of()).values());
  }

  /** The closed intervals of all deployments, also of those that are no more. */
  public List<UsageInterval> closed() {
    return closed.values().stream().flatMap(all -> all.values().stream()).toList();
  }

  /** The last interval of an instance that is closed, or null if there is none. */
  public @Nullable UsageInterval ended(String deployment, String instanceId) {
    return closed(deployment).stream()
        .filter(usage -> usage.instanceId().equals(instanceId))
        .max(Comparator.comparing(UsageInterval::endedAt))
        .orElse(null);
  }

  /** The open intervals by instance; the engine takes out what it has settled. */
  public Map<String, OpenEntry> open() {
    return open;
  }

  /** Closes an interval that the ledger has as open. */
  public void close(UsageInterval usage) {
    open.remove(usage.instanceId());
    closed
        .computeIfAbsent(usage.deployment(), name -> new LinkedHashMap<>())
        .put(UsageKey.of(usage), usage);
  }
}
