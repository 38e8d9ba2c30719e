package dev.autodeploy.internal.ledger;

import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.LedgerEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Currency;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The sums of what is in pages, of each deployment since it was made, so that no page is read for
 * its cost. Not thread-safe.
 */
final class CarriedCosts {
  private final Map<String, Sum> sums = new LinkedHashMap<>();

  private record Sum(Instant since, Map<Currency, CostParts> parts) {}

  /** Takes over a sum as the ledger has it. */
  void restore(LedgerEntry.Carried line) {
    Sum sum = sums.get(line.deployment());
    if (sum == null || !sum.since.equals(line.since())) {
      sum = new Sum(line.since(), new LinkedHashMap<>(2));
      sums.put(line.deployment(), sum);
    }
    CostParts parts = CostParts.of(line);
    sum.parts.merge(parts.currency(), parts, CostParts::plus);
  }

  /** Returns the sum of a deployment since a moment, or null if it is not known. */
  @Nullable Map<Currency, CostParts> find(String deployment, Instant since) {
    Sum sum = sums.get(deployment);
    return sum != null && sum.since.equals(since) ? sum.parts : null;
  }

  /** Begins the sum of a deployment again. */
  void begin(String deployment, Instant since) {
    sums.put(deployment, new Sum(since, new LinkedHashMap<>(2)));
  }

  void forget(String deployment) {
    sums.remove(deployment);
  }

  /** Adds an interval, unless it is an earlier deployment's of the name, or nobody asks for it. */
  void add(UsageInterval usage) {
    Sum sum = sums.get(usage.deployment());
    if (sum != null && !usage.startRequestedAt().isBefore(sum.since)) {
      CostParts.of(usage).forEach((code, parts) -> sum.parts.merge(code, parts, CostParts::plus));
    }
  }

  /** Takes an interval out that was added. */
  void subtract(UsageInterval usage) {
    Sum sum = sums.get(usage.deployment());
    if (sum != null && !usage.startRequestedAt().isBefore(sum.since)) {
      CostParts.of(usage)
          .forEach((code, parts) -> sum.parts.merge(code, parts.negated(), CostParts::plus));
    }
  }

  CarriedCosts copy() {
    CarriedCosts copy = new CarriedCosts();
    sums.forEach(
        (name, sum) -> copy.sums.put(name, new Sum(sum.since, new LinkedHashMap<>(sum.parts))));
    return copy;
  }

  /** Returns the lines of the ledger. */
  List<LedgerEntry> lines() {
    List<LedgerEntry> lines = new ArrayList<>();
    sums.forEach(
        (name, sum) ->
            sum.parts.values().forEach(parts -> lines.add(parts.carried(name, sum.since))));
    return lines;
  }
}
