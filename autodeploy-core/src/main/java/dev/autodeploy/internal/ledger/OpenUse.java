package dev.autodeploy.internal.ledger;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.Budget;
import dev.autodeploy.Charge;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.UsageInterval.Sleep;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.spi.CostMeter;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Currency;
import java.util.List;

/**
 * The use of an instance up to a moment, from which that at later moments follows if it runs on as
 * it does. Immutable.
 *
 * @param usage its interval up to that moment, without charges
 * @param price how it is charged
 * @param ended whether it has ended, so that nothing follows
 * @param preparing whether it is being prepared, which is not paid for
 * @param asleep whether it is asleep, and not paid for
 * @param busy whether it serves requests
 * @param startLeft what is left of its start, as long as starts take, in nanoseconds; or less than
 *     0 if it does not start
 */
public record OpenUse(
    UsageInterval usage,
    Price price,
    boolean ended,
    boolean preparing,
    boolean asleep,
    boolean busy,
    long startLeft) {

  /**
   * The way in which an instance is charged.
   *
   * @param past its charges by earlier prices
   * @param from from when on the meter counts
   * @param meter the price
   */
  record Price(List<Charge> past, Instant from, CostMeter meter) {}

  /**
   * Returns the use of an instance that exists.
   *
   * @param usage its interval up to now, without charges
   * @param ended whether it was found ended
   * @param startNanos how long starts have taken
   */
  static OpenUse of(
      Instance instance,
      UsageInterval usage,
      Price price,
      boolean ended,
      long now,
      long startNanos) {
    boolean released = instance.releaseRequestedAt() != NEVER;
    long started = now - instance.startRequestedAt() - instance.preparingNanos(now);
    return new OpenUse(
        usage,
        price,
        ended,
        instance.preparingSince() != NEVER && !released,
        instance.sleepCountsFrom() != NEVER && !released,
        instance.inFlight() > 0,
        instance.isStarting() ? Math.max(0, startNanos - started) : -1);
  }

  /**
   * Returns the use of an instance that is started now.
   *
   * @param got the GPUs that one got last
   */
  static OpenUse ofNext(
      String deployment, GpuRequest gpu, GotGpus got, Instant wall, CostMeter meter) {
    UsageInterval next =
        UsageInterval.builder(deployment, "next", wall)
            .gpu(gpu)
            .readyAt(wall)
            .openUntil(wall)
            .build();
    return new OpenUse(
        got.isUnknown() ? next : got.applyTo(next),
        new Price(List.of(), wall, meter),
        false,
        false,
        false,
        true,
        -1);
  }

  /** Returns what it will have used of a budget since a moment, some time later. */
  BigDecimal after(long nanos, Budget budget, Instant since) {
    UsageInterval later = Charging.charged(later(nanos), price.past(), price.from(), price.meter());
    return of(budget, later, since, price.meter().currency());
  }

  private UsageInterval later(long nanos) {
    if (ended || nanos <= 0) {
      return usage;
    }
    Duration more = Duration.ofNanos(nanos);
    Instant end = usage.endedAt().plusNanos(nanos);
    UsageInterval.Builder later = usage.toBuilder().openUntil(end);
    if (preparing) {
      later.preparing(usage.preparing().plus(more));
    }
    if (busy) {
      later.busy(usage.busy().plus(more));
    }
    if (asleep) {
      later.sleeps(sleepsUntil(end));
    }
    return later.build();
  }

  private List<Sleep> sleepsUntil(Instant end) {
    List<Sleep> sleeps = new ArrayList<>(usage.sleeps());
    Instant from = usage.endedAt();
    if (!sleeps.isEmpty() && sleeps.get(sleeps.size() - 1).to().equals(from)) {
      from = sleeps.remove(sleeps.size() - 1).from();
    }
    sleeps.add(new Sleep(from, end));
    return sleeps;
  }

  /**
   * Returns what a charged interval used of a budget since a moment: money, or seconds of GPU time.
   */
  static BigDecimal of(Budget budget, UsageInterval usage, Instant since, Currency currency) {
    if (!usage.endedAt().isAfter(since)) {
      return BigDecimal.ZERO;
    }
    if (budget.money() == null) {
      return PagesUse.gpuTime(usage, since);
    }
    BigDecimal cost = usage.charged(currency).amount();
    return usage.startRequestedAt().isBefore(since)
        ? cost.subtract(usage.until(since).charged(currency).amount())
        : cost;
  }
}
