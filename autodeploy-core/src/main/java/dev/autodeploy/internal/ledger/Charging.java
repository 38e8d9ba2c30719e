package dev.autodeploy.internal.ledger;

import dev.autodeploy.Billing;
import dev.autodeploy.Charge;
import dev.autodeploy.Money;
import dev.autodeploy.Rate;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.LedgerEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The charging of intervals: by the prices that it had so far, and by one from a moment on. */
public final class Charging {
  private static final Logger LOG = LoggerFactory.getLogger(Charging.class);

  private Charging() {}

  /** Returns whether an interval has not been charged although something of it existed. */
  public static boolean isDue(UsageInterval usage) {
    return usage.billing().charges().isEmpty() && !usage.existing().isZero();
  }

  /** Charges an interval as a whole by one meter; not at all if the meter fails. */
  public static UsageInterval charged(UsageInterval usage, CostMeter meter) {
    return charged(usage, List.of(), usage.startRequestedAt(), meter);
  }

  /**
   * Charges an interval.
   *
   * @param usage the interval, whose charges do not count
   * @param past its charges by earlier prices
   * @param from from when on the meter counts
   * @return the interval with its charges; if the meter fails, with those of the past
   */
  static UsageInterval charged(
      UsageInterval usage, List<Charge> past, Instant from, CostMeter meter) {
    UsageInterval bare = usage.with(usage.billing().charges(List.of()));
    List<Charge> charges = new ArrayList<>(past);
    try {
      Money whole = meter.cost(bare);
      Money before = past.isEmpty() ? Money.zero(whole.currency()) : meter.cost(bare.until(from));
      charges.add(charge(from, rate(meter, bare), whole, before));
    } catch (RuntimeException | Error e) {
      LOG.warn(
          "{}: the cost meter failed for instance '{}', which counts as free of charge",
          usage.deployment(),
          usage.instanceId(),
          e);
    }
    return usage.with(usage.billing().charges(charges));
  }

  /** Charges an interval by a recorded price, of which no meter is needed. */
  static UsageInterval charged(UsageInterval usage, List<Charge> past, Instant from, Rate rate) {
    UsageInterval bare = usage.with(usage.billing().charges(List.of()));
    List<Charge> charges = new ArrayList<>(past);
    Money whole = rate.cost(bare.paid());
    Money before =
        past.isEmpty() ? Money.zero(whole.currency()) : rate.cost(bare.until(from).paid());
    charges.add(charge(from, rate, whole, before));
    return usage.with(usage.billing().charges(charges));
  }

  private static Charge charge(Instant from, @Nullable Rate rate, Money whole, Money before) {
    return new Charge(
        from, rate, new Money(whole.amount().subtract(before.amount()), whole.currency()));
  }

  /** Returns the price by which a meter charges an interval, or null if it names none. */
  static @Nullable Rate rate(CostMeter meter, UsageInterval usage) {
    return meter.rate(usage).orElse(null);
  }

  /** Returns the price by which a meter charges an interval, or null if it names none or fails. */
  static @Nullable Rate rateIfTold(CostMeter meter, UsageInterval usage) {
    try {
      return rate(meter, usage);
    } catch (RuntimeException | Error e) {
      return null; // as for its cost, which says so
    }
  }

  /** Returns whether two meters charge an interval alike, as far as they say. */
  static boolean alike(CostMeter one, CostMeter other, UsageInterval usage) {
    if (one.equals(other)) {
      return true;
    }
    try {
      Optional<Rate> rate = one.rate(usage);
      return rate.isPresent() && rate.get().sameAs(other.rate(usage));
    } catch (RuntimeException | Error e) {
      return false;
    }
  }

  /** Returns the billing of an instance of an earlier process up to the end of an interval. */
  static Billing billing(OpenEntry entry) {
    LedgerEntry.Used used = entry.used();
    Billing known = entry.repriced() == null ? Billing.NONE : entry.repriced().billing();
    return new Billing(
        entry.started().caller(),
        used == null ? Map.of() : used.busyBy(),
        known.gpuModel(),
        known.gpus(),
        known.charges(),
        false);
  }
}
