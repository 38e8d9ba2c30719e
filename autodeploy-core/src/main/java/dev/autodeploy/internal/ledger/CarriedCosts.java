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

  /** The sums of a deployment that was made at a moment, by currency; none weighs nothing. */
  private static final class Sum {
    final Instant since;
    private Map<Currency, CostParts> parts = Map.of();

    Sum(Instant since) {
      this.since = since;
    }

    void add(Currency currency, CostParts more) {
      if (parts.isEmpty()) {
        parts = new LinkedHashMap<>(2);
      }
      parts.merge(currency, more, CostParts::plus);
    }

    Sum copy() {
      Sum copy = new Sum(since);
      copy.parts = parts.isEmpty() ? Map.of() : new LinkedHashMap<>(parts);
      return copy;
    }
  }

  /** Takes over a sum as the ledger has it. */
  void restore(LedgerEntry.Carried line) {
    Sum sum = sums.get(line.deployment());
    if (sum == null || !sum.since.equals(line.since())) {
      sum = new Sum(line.since());
      sums.put(line.deployment(), sum);
    }
    CostParts parts = CostParts.of(line);
    sum.add(parts.currency(), parts);
  }

  /** Returns the sum of a deployment since a moment, or null if it is not known. */
  @Nullable Map<Currency, CostParts> find(String deployment, Instant since) {
    Sum sum = sums.get(deployment);
    return sum != null && sum.since.equals(since) ? sum.parts : null;
  }

  /** Begins the sum of a deployment again. */
  void begin(String deployment, Instant since) {
    sums.put(deployment, new Sum(since));
  }

  void forget(String deployment) {
    sums.remove(deployment);
  }

  /** Adds an interval, unless it is an earlier deployment's of the name, or nobody asks for it. */
  void add(UsageInterval usage) {
    Sum sum = sums.get(usage.deployment());
    if (sum != null && !usage.startRequestedAt().isBefore(sum.since)) {
      CostParts.of(usage).forEach(sum::add);
    }
  }

  /** Takes an interval out that was added. */
  void subtract(UsageInterval usage) {
    Sum sum = sums.get(usage.deployment());
    if (sum != null && !usage.startRequestedAt().isBefore(sum.since)) {
      CostParts.of(usage).forEach((code, parts) -> sum.add(code, parts.negated()));
    }
  }

  CarriedCosts copy() {
    CarriedCosts copy = new CarriedCosts();
    sums.forEach((name, sum) -> copy.sums.put(name, sum.copy()));
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
