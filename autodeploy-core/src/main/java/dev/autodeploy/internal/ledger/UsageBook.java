package dev.autodeploy.internal.ledger;

import dev.autodeploy.Budget;
import dev.autodeploy.Cost;
import dev.autodeploy.CostLine;
import dev.autodeploy.Costs;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.CostMeter;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Currency;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The closed usage intervals of one deployment and their sum. Guarded by the deployment's lock. */
final class UsageBook {
  private static final Logger LOG = LoggerFactory.getLogger(UsageBook.class);

  private List<UsageInterval> closed = List.of();
  private CostMeter meter;
  private @Nullable BudgetUse budgetUse;

  /** The sums of what is closed by currency; made for the first. */
  private Map<Currency, Parts> sums = Map.of();

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

  void close(UsageInterval usage) {
    if (closed.isEmpty()) {
      closed = new ArrayList<>(); // the first one
      sums = new LinkedHashMap<>(2);
    }
    closed.add(usage);
    sums.merge(meter.currency(), Parts.zero(meter.currency()), Parts::plus);
    for (CostLine line : lines(usage)) {
      sums.merge(line.currency(), Parts.of(line), Parts::plus);
    }
  }

  /** Puts an interval with other charges in place of the one that it is. */
  boolean recharge(UsageInterval usage) {
    UsageKey key = UsageKey.of(usage);
    for (int i = 0; i < closed.size(); i++) {
      if (UsageKey.of(closed.get(i)).equals(key)) {
        List<UsageInterval> all = new ArrayList<>(closed);
        all.set(i, usage);
        closed = List.of();
        budgetUse = null;
        all.forEach(this::close);
        return true;
      }
    }
    return false;
  }

  private static List<CostLine> lines(UsageInterval usage) {
    return Costs.of(List.of(usage), usage.startRequestedAt(), usage.endedAt()).by();
  }

  private Parts sum() {
    return sums.getOrDefault(meter.currency(), Parts.zero(meter.currency()));
  }

  /** Returns what the closed intervals used of a budget since a moment. */
  BigDecimal use(Budget budget, Instant since) {
    BudgetUse known = budgetUse;
    if (known == null || !known.fits(budget, since, meter)) {
      known = new BudgetUse(budget, since, meter);
      budgetUse = known;
    }
    for (; known.counted < closed.size(); known.counted++) {
      known.sum = known.sum.add(use(budget, closed.get(known.counted), since));
    }
    return known.sum;
  }

  /** Returns what an interval used of a budget since a moment: money, or seconds of GPU time. */
  BigDecimal use(Budget budget, UsageInterval usage, Instant since) {
    if (!usage.endedAt().isAfter(since)) {
      return BigDecimal.ZERO;
    }
    boolean before = usage.startRequestedAt().isBefore(since);
    if (budget.money() != null) {
      BigDecimal cost = cost(usage).amount();
      return before ? cost.subtract(cost(usage.until(since)).amount()) : cost;
    }
    GpuRequest gpu = usage.gpu();
    Duration time = before ? usage.paid().minus(usage.until(since).paid()) : usage.paid();
    return BigDecimal.valueOf(time.toNanos(), 9)
        .multiply(BigDecimal.valueOf(Math.max(1, Math.max(gpu.count(), gpu.ids().size()))));
  }

  /** The use that a budget's period has of the closed intervals, as far as they are counted. */
  private static final class BudgetUse {
    private final Budget budget;
    private final Instant since;
    private final CostMeter meter;
    private BigDecimal sum = BigDecimal.ZERO;
    private int counted;

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

  List<UsageInterval> closed() {
    return closed;
  }

  Cost cost(
      String deployment,
      GpuRequest gpu,
      GotGpus got,
      Instant since,
      Instant now,
      List<UsageInterval> open) {
    Parts parts = sum();
    for (UsageInterval usage : open) {
      for (CostLine line : lines(usage)) {
        if (line.currency().equals(meter.currency())) {
          parts = parts.plus(Parts.of(line));
        }
      }
    }
    Instant until = now.isBefore(since) ? since : now;
    UsageInterval always =
        got.applyTo(
            new UsageInterval(
                deployment, "always-on", gpu, since, since, null, until, true, Duration.ZERO));
    return new Cost(
        parts.total(),
        parts.starting,
        parts.busy,
        parts.idle,
        parts.asleep,
        parts.releasing,
        cost(always),
        since);
  }

  /** The cost of some usage by part. */
  private record Parts(Money starting, Money busy, Money idle, Money asleep, Money releasing) {
    private static final Map<Currency, Parts> ZERO = new ConcurrentHashMap<>();

    /** Returns the same for all deployments, most of which have cost nothing yet. */
    static Parts zero(Currency currency) {
      return ZERO.computeIfAbsent(currency, Parts::none);
    }

    private static Parts none(Currency currency) {
      Money zero = Money.zero(currency);
      return new Parts(zero, zero, zero, zero, zero);
    }

    static Parts of(CostLine line) {
      return new Parts(line.starting(), line.busy(), line.idle(), line.asleep(), line.releasing());
    }

    Money total() {
      return starting.plus(busy).plus(idle).plus(asleep).plus(releasing);
    }

    Parts plus(Parts other) {
      return new Parts(
          starting.plus(other.starting),
          busy.plus(other.busy),
          idle.plus(other.idle),
          asleep.plus(other.asleep),
          releasing.plus(other.releasing));
    }
  }
}
