package dev.autodeploy.testing.simulation;

import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.testing.world.PlannedLife;
import dev.autodeploy.testing.world.SimulatedMachine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Compares one owner's ledger with the time for which its instances truly existed. */
final class WalkLedger {
  private final Walk walk;
  private final WalkEngine engine;
  private final WalkStore store;
  private final Map<String, Integer> starts = new HashMap<>();
  private final Map<String, List<UsageInterval>> ends = new HashMap<>();

  WalkLedger(WalkEngine engine) {
    this.walk = engine.walk;
    this.engine = engine;
    this.store = engine.process.store;
    LedgerEntry last = null;
    for (LedgerEntry entry : store.ledger()) {
      if (entry.equals(last)) {
        continue; // the store had said that it was not written, so it was written again
      }
      last = entry;
      if (entry instanceof LedgerEntry.Started) {
        starts.merge(entry.instanceId(), 1, Integer::sum);
      } else if (entry instanceof LedgerEntry.Released released) {
        ends.computeIfAbsent(entry.instanceId(), id -> new ArrayList<>()).add(released.usage());
      }
    }
  }

  /** Returns what the ledger has of each instance that was released: one interval, as a rule. */
  Map<String, List<UsageInterval>> ends() {
    return ends;
  }

  void check() {
    for (SimulatedMachine machine : walk.world.machines.values()) {
      if (machine.request.owner().equals(engine.owner)) {
        check(machine);
      }
    }
    starts.forEach(
        (id, count) ->
            walk.check(
                ends(id).size() == count,
                () ->
                    "the ledger has a line at the release for each at the start, but "
                        + ends(id).size()
                        + " for "
                        + count
                        + " of "
                        + id));
  }

  private List<UsageInterval> ends(String id) {
    return ends.getOrDefault(id, List.of());
  }

  private void check(SimulatedMachine machine) {
    String id = machine.request.instanceId();
    int lines = starts.getOrDefault(id, 0);
    // Of one that a list left out it has as many as the engine found it again, and one more.
    walk.check(
        lines == 1 || (lines > 1 && machine.hidden),
        () -> "the ledger has one line at the start of " + id + ", not " + lines);
    if (ends(id).isEmpty()) {
      walk.broken("the ledger has a line at the release, but none of " + id);
      return;
    }
    long counted = ends(id).stream().mapToLong(usage -> usage.duration().toNanos()).sum();
    Long reported = engine.reports.gone(id);
    long writtenAt = store.endWrittenAt(id);
    boolean cut =
        engine.process.restartedBetween(machine.startedAt, Math.max(machine.goneAt, writtenAt));
    walk.check(
        cut || engine.reports.isExplained(id), () -> "every start has a reason, but that of " + id);
    if (!cut && reported != null && !machine.hidden) {
      checkExactly(machine, counted, reported);
    } else {
      checkRoughly(machine, counted, writtenAt, cut);
    }
  }

  private void checkExactly(SimulatedMachine machine, long counted, long reported) {
    String id = machine.request.instanceId();
    walk.check(
        reported == machine.releaseConfirmedAt
            || (reported > machine.releaseConfirmedAt && engine.reports.mayBeLate(machine)),
        () -> "released is reported when it is verified, but " + id + " later or earlier");
    long exact = reported - machine.startedAt;
    walk.check(
        counted == exact,
        () -> "the ledger has every nanosecond of " + id + ": " + counted + " of " + exact);
  }

  /** Over a restart the wall clock is all there is, and the end is known only from then on. */
  private void checkRoughly(SimulatedMachine machine, long counted, long writtenAt, boolean cut) {
    String id = machine.request.instanceId();
    long existed = Math.min(end(machine), knownUntil(machine, cut)) - machine.startedAt;
    long slack = walk.clockStepsBetween(machine.startedAt, Math.max(machine.startedAt, writtenAt));
    walk.check(
        counted >= existed - slack,
        () ->
            "the ledger does not shrink over a restart: "
                + Duration.ofNanos(counted)
                + " of "
                + id
                + ", which existed for "
                + Duration.ofNanos(existed));
    walk.check(
        counted <= writtenAt - machine.startedAt + slack,
        () ->
            "the ledger counts no longer than until an instance is known gone: "
                + Duration.ofNanos(counted)
                + " of "
                + id
                + ", known gone after "
                + Duration.ofNanos(writtenAt - machine.startedAt));
  }

  private static long end(SimulatedMachine machine) {
    return machine.exitedAt != SimulatedMachine.NEVER ? machine.exitedAt : machine.goneAt;
  }

  /**
   * Returns until when an engine can know of an instance. One that lists left out, and that was
   * gone before the engine got to know it again, is unknown from then on, unless its start was
   * answered; and one that a list left out may be ended by the provider's close before another list
   * is made.
   */
  private static long knownUntil(SimulatedMachine machine, boolean cut) {
    long unknownFrom = machine.endedByClose ? machine.hiddenAt : machine.hiddenSince;
    boolean answered =
        !cut
            && machine.plan.reply == PlannedLife.Reply.COMPLETES
            && machine.upAt != SimulatedMachine.NEVER
            && machine.upAt >= unknownFrom;
    return answered ? SimulatedMachine.NEVER : unknownFrom;
  }
}
