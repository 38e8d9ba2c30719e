package dev.autodeploy.internal.ledger;

import dev.autodeploy.CostLine;
import dev.autodeploy.Costs;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.LedgerEntry;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Currency;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The cost of some usage by part, in one currency, and the GPU time of it. */
record CostParts(
    Money starting, Money busy, Money idle, Money asleep, Money releasing, Duration gpuTime) {
  private static final Map<Currency, CostParts> ZERO = new ConcurrentHashMap<>();

  /** Returns the same for all deployments, most of which have cost nothing yet. */
  static CostParts zero(Currency currency) {
    return ZERO.computeIfAbsent(currency, CostParts::none);
  }

  private static CostParts none(Currency currency) {
    Money zero = Money.zero(currency);
    return new CostParts(zero, zero, zero, zero, zero, Duration.ZERO);
  }

  /** Returns the parts of an interval, by currency; its GPU time is with the first one. */
  static Map<Currency, CostParts> of(UsageInterval usage) {
    Map<Currency, CostParts> parts = new LinkedHashMap<>();
    Duration gpuTime = gpuTime(usage);
    for (CostLine line : Costs.of(List.of(usage), usage.startRequestedAt(), usage.endedAt()).by()) {
      parts.put(
          line.currency(),
          new CostParts(
              line.starting(), line.busy(), line.idle(), line.asleep(), line.releasing(), gpuTime));
      gpuTime = Duration.ZERO;
    }
    return parts;
  }

  static CostParts of(LedgerEntry.Carried line) {
    return new CostParts(
        line.starting(), line.busy(), line.idle(), line.asleep(), line.releasing(), line.gpuTime());
  }

  /** Returns the time of one GPU that an interval used, as budgets count it. */
  static Duration gpuTime(UsageInterval usage) {
    GpuRequest gpu = usage.gpu();
    return usage.paid().multipliedBy(Math.max(1, Math.max(gpu.count(), gpu.ids().size())));
  }

  static BigDecimal seconds(Duration time) {
    return BigDecimal.valueOf(time.getSeconds()).add(BigDecimal.valueOf(time.getNano(), 9));
  }

  LedgerEntry.Carried carried(String deployment, Instant since) {
    return LedgerEntry.Carried.builder(deployment, since, currency())
        .starting(starting)
        .busy(busy)
        .idle(idle)
        .asleep(asleep)
        .releasing(releasing)
        .gpuTime(gpuTime)
        .build();
  }

  Currency currency() {
    return busy.currency();
  }

  Money total() {
    return starting.plus(busy).plus(idle).plus(asleep).plus(releasing);
  }

  CostParts plus(CostParts other) {
    return new CostParts(
        starting.plus(other.starting),
        busy.plus(other.busy),
        idle.plus(other.idle),
        asleep.plus(other.asleep),
        releasing.plus(other.releasing),
        gpuTime.plus(other.gpuTime));
  }

  CostParts negated() {
    return new CostParts(
        negated(starting),
        negated(busy),
        negated(idle),
        negated(asleep),
        negated(releasing),
        gpuTime.negated());
  }

  private static Money negated(Money money) {
    return new Money(money.amount().negate(), money.currency());
  }
}
