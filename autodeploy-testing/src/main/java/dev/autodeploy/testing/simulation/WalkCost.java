package dev.autodeploy.testing.simulation;

import dev.autodeploy.Cost;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.testing.world.SimulatedMachine;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Compares one deployment's usage and cost, at one dollar a second, with what the ledger has. */
final class WalkCost {
  private final Walk walk;
  private final WalkBook book;

  /** The ledger's line of each instance that was released. */
  private final Map<String, List<UsageInterval>> ends;

  WalkCost(WalkBook book, Map<String, List<UsageInterval>> ends) {
    this.walk = book.walk;
    this.book = book;
    this.ends = ends;
  }

  void check() {
    List<UsageInterval> usage = book.deployment().usage(Instant.MIN, Instant.MAX);
    BigDecimal seconds = BigDecimal.ZERO;
    for (UsageInterval interval : usage) {
      walk.check(
          ends.getOrDefault(interval.instanceId(), List.of()).contains(interval),
          () -> "usage is what the ledger has, but " + interval + " is not");
      seconds = seconds.add(BigDecimal.valueOf(interval.paid().toNanos(), 9));
    }
    checkNothingForgotten(Set.copyOf(usage));
    Cost cost = book.deployment().cost();
    BigDecimal more = cost.total().amount().subtract(seconds);
    // What is found of one that is being removed is in its usage alone.
    BigDecimal off = book.isRemoving() ? more.max(BigDecimal.ZERO) : more.abs();
    BigDecimal sum = seconds;
    walk.check(
        off.compareTo(new BigDecimal("0.000001")) < 0,
        () -> book.id() + ": the cost is that of the usage, " + sum + ", not " + cost.total());
  }

  private void checkNothingForgotten(Set<UsageInterval> usage) {
    if (book.isRemoving()) {
      return; // what was found of it later is counted elsewhere
    }
    Instant createdAt = book.deployment().createdAt();
    for (List<UsageInterval> intervals : ends.values()) {
      for (UsageInterval interval : intervals) {
        // By both clocks: an earlier deployment of the name may seem to be later by a stepped one.
        SimulatedMachine machine = walk.world.machines.get(interval.instanceId());
        boolean own =
            interval.deployment().equals(book.name)
                && !interval.startRequestedAt().isBefore(createdAt)
                && machine != null
                && machine.startedAt > book.engine.deployedAt(book.name);
        // Two without length of one instance, which was found again, are one to the engine.
        walk.check(
            !own || interval.duration().isZero() || usage.contains(interval),
            () -> "what the ledger has is in the usage, but " + interval + " is not");
      }
    }
  }
}
