package dev.autodeploy.internal.ledger;

import dev.autodeploy.Budget;
import dev.autodeploy.Cost;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.CostMeter;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Currency;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sums of the closed usage intervals of one deployment; the intervals are the cost book's.
 * Guarded by the deployment's lock.
 */
final class UsageBook {
  private static final Logger LOG = LoggerFactory.getLogger(UsageBook.class);

  private CostMeter meter;
  private @Nullable BudgetUse budgetUse;

  /** The sums of what is closed by currency; made for the first. */
  private Map<Currency, CostParts> sums = Map.of();

  UsageBook(CostMeter meter) {
    this.meter = meter;
  }

  /** Charges by another meter from now on: what is closed stays what it was. */
  void meter(CostMeter newMeter) {
    meter = newMeter;
  }

  CostMeter meter() {
    return meter;
  }

  /** Takes over sums of intervals in pages. */
  void carry(Map<Currency, CostParts> parts) {
    parts.forEach(this::add);
  }

  void close(UsageInterval usage) {
    add(meter.currency(), CostParts.zero(meter.currency()));
    CostParts.of(usage).forEach(this::add);
    if (budgetUse != null) {
      budgetUse.sum = budgetUse.sum.add(use(budgetUse.budget, usage, budgetUse.since));
    }
  }

  private void add(Currency currency, CostParts parts) {
    if (sums.isEmpty()) {
      sums = new LinkedHashMap<>(2);
    }
    sums.merge(currency, parts, CostParts::plus);
  }

  /** Puts an interval with other charges in place of the one that it was. */
  void recharge(UsageInterval before, UsageInterval after) {
    CostParts.of(before).forEach((currency, parts) -> add(currency, parts.negated()));
    CostParts.of(after).forEach(this::add);
    forgetUse();
  }

  void forgetUse() {
    budgetUse = null;
  }

  private CostParts sum() {
    return sums.getOrDefault(meter.currency(), CostParts.zero(meter.currency()));
  }

  /**
   * Returns what the closed intervals used of a budget since a moment.
   *
   * @param all whether that is all of them
   * @param past finds it out, once
   */
  BigDecimal use(Budget budget, Instant since, boolean all, Past past) {
    if (all) {
      return budget.money() != null
          ? sum().total().amount()
          : CostParts.seconds(
              sums.values().stream().map(CostParts::gpuTime).reduce(Duration.ZERO, Duration::plus));
    }
    BudgetUse known = budgetUse;
    if (known == null || !known.fits(budget, since, meter)) {
      known = new BudgetUse(budget, since, meter);
      known.sum = past.use(this);
      budgetUse = known;
    }
    return known.sum;
  }

  /** Finds out what closed intervals used of a budget. */
  interface Past {
    BigDecimal use(UsageBook book);
  }

  /** Returns what an interval used of a budget since a moment: money, or seconds of GPU time. */
  BigDecimal use(Budget budget, UsageInterval usage, Instant since) {
    if (!usage.endedAt().isAfter(since)) {
      return BigDecimal.ZERO;
    }
    if (budget.money() != null) {
      boolean before = usage.startRequestedAt().isBefore(since);
      BigDecimal cost = cost(usage).amount();
      return before ? cost.subtract(cost(usage.until(since)).amount()) : cost;
    }
    return PagesUse.gpuTime(usage, since);
  }

  /** The use that a budget's period has of the closed intervals. */
  private static final class BudgetUse {
    private final Budget budget;
    private final Instant since;
    private final CostMeter meter;
    private BigDecimal sum = BigDecimal.ZERO;

    BudgetUse(Budget budget, Instant since, CostMeter meter) {
      this.budget = budget;
      this.since = since;
      this.meter = meter;
    }

    boolean fits(Budget other, Instant otherSince, CostMeter otherMeter) {
      return since.equals(otherSince)
          && meter.equals(otherMeter)
          && (budget.money() == null) == (other.money() == null);
    }
  }

  /** Returns what an interval costs; one that the meter cannot tell counts as nothing. */
  Money cost(UsageInterval usage) {
    if (!usage.billing().charges().isEmpty()) {
      return usage.charged(meter.currency());
    }
    try {
      return Money.zero(meter.currency()).plus(meter.cost(usage));
    } catch (RuntimeException | Error e) {
      LOG.warn(
          "{}: the cost meter failed for instance '{}', which counts as free of charge",
          usage.deployment(),
          usage.instanceId(),
          e);
      return Money.zero(meter.currency());
    }
  }

  Money total() {
    return sum().total();
  }

  /** Returns what the closed intervals and some open ones cost, in the meter's currency. */
  Money total(List<UsageInterval> open) {
    Money total = sum().total();
    for (UsageInterval usage : open) {
      total = total.plus(usage.charged(meter.currency()));
    }
    return total;
  }

  Cost cost(
      String deployment,
      GpuRequest gpu,
      GotGpus got,
      Instant since,
      Instant now,
      List<UsageInterval> open) {
    CostParts parts = sum();
    for (UsageInterval usage : open) {
      CostParts own = CostParts.of(usage).get(meter.currency());
      parts = own == null ? parts : parts.plus(own);
    }
    Instant until = now.isBefore(since) ? since : now;
    UsageInterval always =
        got.applyTo(
            UsageInterval.builder(deployment, "always-on", since)
                .gpu(gpu)
                .readyAt(since)
                .openUntil(until)
                .build());
    return new Cost(
        parts.total(),
        parts.starting(),
        parts.busy(),
        parts.idle(),
        parts.asleep(),
        parts.releasing(),
        cost(always),
        since);
  }
}
