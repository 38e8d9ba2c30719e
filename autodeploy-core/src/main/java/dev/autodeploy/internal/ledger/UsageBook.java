package dev.autodeploy.internal.ledger;

import dev.autodeploy.Cost;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.CostMeter;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Currency;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The closed usage intervals of one deployment and their sum. Guarded by the deployment's lock. */
final class UsageBook {
  private static final Logger LOG = LoggerFactory.getLogger(UsageBook.class);

  private List<UsageInterval> closed = List.of();
  private CostMeter meter;
  private Parts sum;

  UsageBook(CostMeter meter) {
    this.meter = meter;
    this.sum = Parts.zero(meter.currency());
  }

  /** Counts everything again with another meter. */
  void meter(CostMeter newMeter) {
    meter = newMeter;
    sum = Parts.zero(newMeter.currency());
    for (UsageInterval usage : closed) {
      sum = sum.plus(parts(usage));
    }
  }

  CostMeter meter() {
    return meter;
  }

  void close(UsageInterval usage) {
    if (closed.isEmpty()) {
      closed = new ArrayList<>(); // the first one
    }
    closed.add(usage);
    sum = sum.plus(parts(usage));
  }

  /** Returns what an interval costs; one that the meter cannot tell counts as nothing. */
  Money cost(UsageInterval usage) {
    try {
      return Money.zero(meter.currency()).plus(meter.cost(usage));
    } catch (RuntimeException | Error e) {
      LOG.warn(
          "{}: the cost meter failed for instance '{}', which counts as free of charge",
          usage.deployment(),
          usage.instanceId(),
          e);
      return Money.zero(sum.total.currency());
    }
  }

  Money total() {
    return sum.total;
  }

  /** Returns what the closed intervals and some open ones cost. */
  Money total(List<UsageInterval> open) {
    Money total = sum.total;
    for (UsageInterval usage : open) {
      total = total.plus(cost(usage));
    }
    return total;
  }

  List<UsageInterval> closed() {
    return closed;
  }

  Cost cost(
      String deployment, GpuRequest gpu, Instant since, Instant now, List<UsageInterval> open) {
    Parts parts = sum;
    for (UsageInterval usage : open) {
      parts = parts.plus(parts(usage));
    }
    Instant until = now.isBefore(since) ? since : now;
    UsageInterval always =
        new UsageInterval(
            deployment, "always-on", gpu, since, since, null, until, true, Duration.ZERO);
    return new Cost(
        parts.total, parts.starting, parts.busy, parts.idle, parts.releasing, cost(always), since);
  }

  /** Splits what an interval costs by the time that it spent in each part. */
  private Parts parts(UsageInterval usage) {
    Money total = cost(usage);
    return new Parts(
        total,
        share(total, usage.starting(), usage),
        share(total, usage.busy(), usage),
        share(total, usage.idle(), usage),
        share(total, usage.releasing(), usage));
  }

  private static Money share(Money total, Duration part, UsageInterval usage) {
    long whole = usage.existing().toNanos();
    if (whole == 0) {
      return Money.zero(total.currency());
    }
    BigDecimal amount =
        total
            .amount()
            .multiply(BigDecimal.valueOf(part.toNanos()))
            .divide(BigDecimal.valueOf(whole), MathContext.DECIMAL64);
    return new Money(amount, total.currency());
  }

  /** The cost of some usage, as a whole and by part. */
  private record Parts(Money total, Money starting, Money busy, Money idle, Money releasing) {
    private static final Map<Currency, Parts> ZERO = new ConcurrentHashMap<>();

    /** Returns the same for all deployments, most of which have cost nothing yet. */
    static Parts zero(Currency currency) {
      return ZERO.computeIfAbsent(currency, Parts::none);
    }

    private static Parts none(Currency currency) {
      Money zero = Money.zero(currency);
      return new Parts(zero, zero, zero, zero, zero);
    }

    Parts plus(Parts other) {
      return new Parts(
          total.plus(other.total),
          starting.plus(other.starting),
          busy.plus(other.busy),
          idle.plus(other.idle),
          releasing.plus(other.releasing));
    }
  }
}
