package dev.autodeploy.testing.cluster;

import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.testing.cluster.SimulatedMachines.Machine;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** The comparison of the ledger with the instances that there were, at the end of a walk. */
final class LedgerCheck {
  private final ClusterWalk walk;

  LedgerCheck(ClusterWalk walk) {
    this.walk = walk;
  }

  /** Returns whether the ledger has as many ends as starts; a leader writes late ones each 30 s. */
  boolean isWritten() {
    Set<String> open = new HashSet<>();
    for (SimulatedElection.Line line : walk.election.ledger) {
      if (line.entry() instanceof LedgerEntry.Started) {
        open.add(line.entry().instanceId());
      } else if (line.entry() instanceof LedgerEntry.Released) {
        open.remove(line.entry().instanceId());
      }
    }
    return open.isEmpty();
  }

  /** Every instance is in it once, for as long as it existed. */
  void check() {
    Map<String, Integer> starts = new HashMap<>();
    Map<String, Long> begun = new HashMap<>(); // by the engine, before a freeze perhaps
    Map<String, Long> counted = new HashMap<>();
    Map<String, Integer> ends = new HashMap<>();
    Map<String, Long> written = new HashMap<>();
    LedgerEntry last = null;
    for (SimulatedElection.Line line : walk.election.ledger) {
      LedgerEntry entry = line.entry();
      if (entry.equals(last)) {
        continue;
      }
      last = entry;
      if (entry instanceof LedgerEntry.Started started) {
        starts.merge(entry.instanceId(), 1, Integer::sum);
        long ago = Duration.between(started.at(), walk.time.instant()).toNanos();
        begun.putIfAbsent(entry.instanceId(), walk.time.read() - ago);
      } else if (entry instanceof LedgerEntry.Released released) {
        ends.merge(entry.instanceId(), 1, Integer::sum);
        counted.merge(entry.instanceId(), released.usage().duration().toNanos(), Long::sum);
        written.put(entry.instanceId(), line.at());
      }
    }
    for (Machine machine : walk.machines.machines.values()) {
      String id = machine.id();
      int started = starts.getOrDefault(id, 0);
      int ended = ends.getOrDefault(id, 0);
      walk.check(
          started == ended && started >= 1 && (started == 1 || machine.late),
          () -> "money is counted once, but " + id + " starts " + started + " and ends " + ended);
      long existed = Math.min(machine.exitedAt, machine.goneAt) - machine.askedAt;
      long got = counted.getOrDefault(id, 0L);
      if (!machine.late && machine.goneAt != SimulatedMachines.NEVER) {
        walk.check(
            got >= existed - tolerance(existed),
            () ->
                "the ledger has all of "
                    + id
                    + ", not "
                    + got / ClusterWalk.SECOND
                    + " of "
                    + existed / ClusterWalk.SECOND);
        walk.check(
            got <= written.getOrDefault(id, 0L) - begun.getOrDefault(id, 0L) + tolerance(existed),
            () ->
                "the ledger has no more of "
                    + id
                    + " than there was, not "
                    + got / ClusterWalk.SECOND);
      }
    }
  }

  private static long tolerance(long existed) {
    return ClusterWalk.SECOND + existed / 100;
  }
}
