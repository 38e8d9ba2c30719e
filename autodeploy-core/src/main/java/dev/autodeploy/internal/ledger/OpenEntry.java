package dev.autodeploy.internal.ledger;

import dev.autodeploy.Billing;
import dev.autodeploy.Charge;
import dev.autodeploy.Rate;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.decision.SleepTimes;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.LedgerEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
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
 * @param sleeps when it was asleep, counted from its start, without a sleep that goes on
 */
public record OpenEntry(
    LedgerEntry.Started started,
    LedgerEntry.@Nullable Used used,
    LedgerEntry.@Nullable Prepared prepared,
    LedgerEntry.@Nullable Repriced repriced,
    LedgerEntry.@Nullable Slept slept,
    SleepTimes sleeps) {

  /** Returns one of which only the start is known. */
  public static OpenEntry of(LedgerEntry.Started started) {
    return new OpenEntry(started, null, null, null, null, SleepTimes.NONE);
  }

  OpenEntry with(LedgerEntry.Used line) {
    return new OpenEntry(started, line, prepared, repriced, slept, sleeps);
  }

  OpenEntry with(LedgerEntry.Prepared line) {
    return new OpenEntry(started, used, line, repriced, slept, sleeps);
  }

  OpenEntry with(LedgerEntry.Repriced line) {
    return new OpenEntry(started, used, prepared, line, slept, sleeps);
  }

  OpenEntry with(LedgerEntry.Slept line) {
    return new OpenEntry(started, used, prepared, repriced, line, sleepsWith(line));
  }

  /**
   * Adds what a line has more than the one before it: that was slept since then; or, where no line
   * says since when, as soon as it was ready.
   */
  private SleepTimes sleepsWith(LedgerEntry.Slept line) {
    Instant since = asleepSince();
    Instant ready = used == null ? started.at() : used.readyAt();
    long from = fromStart(since == null ? ready : since);
    return sleeps.plus(from, from + line.asleep().minus(asleep()).toNanos(), cuts());
  }

  private SleepTimes.Cuts cuts() {
    SleepTimes.Cuts cuts = SleepTimes.Cuts.of(0, started.at());
    return repriced == null ? cuts : cuts.priced(fromStart(repriced.at()));
  }

  private Duration asleep() {
    return slept == null ? Duration.ZERO : slept.asleep();
  }

  /** Returns since when it is asleep, as far as that was written, or null. */
  public @Nullable Instant asleepSince() {
    return slept == null ? null : slept.since();
  }

  /** Returns whether it keeps its room in a sleep that goes on: then that does not count. */
  public boolean keptRoomAsleep() {
    return slept != null && slept.keepsRoom();
  }

  /** Returns when it was asleep if it was never seen again up to a moment. */
  public List<UsageInterval.Sleep> sleepsUntil(Instant end) {
    Instant since = asleepSince();
    SleepTimes all =
        since == null || keptRoomAsleep()
            ? sleeps
            : sleeps.plus(fromStart(since), fromStart(end), cuts());
    return all.times().stream()
        .map(time -> new UsageInterval.Sleep(at(time.from()), at(time.to())))
        .toList();
  }

  private long fromStart(Instant moment) {
    return Duration.between(started.at(), moment).toNanos();
  }

  private Instant at(long fromStart) {
    return started.at().plusNanos(fromStart);
  }

  /** Returns the lines that say all of this. */
  List<LedgerEntry> lines() {
    List<LedgerEntry> lines =
        new ArrayList<>(
            Stream.<@Nullable LedgerEntry>of(started, prepared, repriced, used)
                .filter(Objects::nonNull)
                .<LedgerEntry>map(Objects::requireNonNull)
                .toList());
    Duration before = Duration.ZERO;
    for (SleepTimes.Time time : sleeps.times()) {
      lines.add(new LedgerEntry.Slept(started.instanceId(), before, at(time.from()), false));
      before = before.plusNanos(time.to() - time.from());
      lines.add(new LedgerEntry.Slept(started.instanceId(), before, null, false));
    }
    if (slept != null && (slept.since() != null || sleeps.times().isEmpty())) {
      lines.add(slept);
    }
    return lines;
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
