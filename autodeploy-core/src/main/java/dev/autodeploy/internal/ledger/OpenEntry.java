package dev.autodeploy.internal.ledger;

import dev.autodeploy.Billing;
import dev.autodeploy.Charge;
import dev.autodeploy.Rate;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.LedgerEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An instance in the ledger whose end it does not have.
 *
 * @param started the line of its start
 * @param used the last line of its use, or null
 * @param prepared the last line of its preparation, or null
 * @param repriced the last line of its price, or null
 * @param slept the last line of its sleep, or null
 */
public record OpenEntry(
    LedgerEntry.Started started,
    LedgerEntry.@Nullable Used used,
    LedgerEntry.@Nullable Prepared prepared,
    LedgerEntry.@Nullable Repriced repriced,
    LedgerEntry.@Nullable Slept slept) {

  /** Returns one of which only the start is known. */
  public static OpenEntry of(LedgerEntry.Started started) {
    return new OpenEntry(started, null, null, null, null);
  }

  OpenEntry with(LedgerEntry.Used line) {
    return new OpenEntry(started, line, prepared, repriced, slept);
  }

  OpenEntry with(LedgerEntry.Prepared line) {
    return new OpenEntry(started, used, line, repriced, slept);
  }

  OpenEntry with(LedgerEntry.Repriced line) {
    return new OpenEntry(started, used, prepared, line, slept);
  }

  OpenEntry with(LedgerEntry.Slept line) {
    return new OpenEntry(started, used, prepared, repriced, line);
  }

  /** Returns for how long it was asleep, without a sleep that goes on. */
  public Duration asleep() {
    return slept == null ? Duration.ZERO : slept.asleep();
  }

  /** Returns since when it is asleep, as far as that was written, or null. */
  public @Nullable Instant asleepSince() {
    return slept == null ? null : slept.since();
  }

  /** Returns for how long it was asleep if it was never seen again up to a moment. */
  public Duration asleepUntil(Instant end) {
    Instant since = asleepSince();
    return since == null || since.isAfter(end)
        ? asleep()
        : asleep().plus(Duration.between(since, end));
  }

  /** Returns the lines that say all of this. */
  List<LedgerEntry> lines() {
    return Stream.<@Nullable LedgerEntry>of(started, prepared, repriced, used, slept)
        .filter(Objects::nonNull)
        .<LedgerEntry>map(Objects::requireNonNull)
        .toList();
  }

  /** Returns the price that was recorded last, or null if there is none. */
  public @Nullable Rate rate() {
    return repriced == null ? started.rate() : repriced.rate();
  }

  /** Returns who pays for it and what it has been charged by earlier prices. */
  public Billing billing() {
    return Charging.billing(this);
  }

  /**
   * Returns the interval charged by the prices that were recorded.
   *
   * @param meter charges the time of which none was
   */
  public UsageInterval charged(UsageInterval usage, CostMeter meter) {
    UsageInterval billed = usage.with(billing());
    List<Charge> past = billed.billing().charges();
    Rate rate = rate();
    Instant from = repriced == null ? usage.startRequestedAt() : repriced.at();
    return rate == null
        ? Charging.charged(billed, past, from, meter)
        : Charging.charged(billed, past, from, rate);
  }

  /** Returns for how long its start was prepared, as far as that is over. */
  public Duration preparing() {
    return prepared == null ? Duration.ZERO : prepared.preparing();
  }

  /** Returns for how long its start was prepared if it was never seen again up to a moment. */
  public Duration preparingUntil(Instant end) {
    Instant since = prepared == null ? null : prepared.since();
    return since == null || since.isAfter(end)
        ? preparing()
        : preparing().plus(Duration.between(since, end));
  }
}
