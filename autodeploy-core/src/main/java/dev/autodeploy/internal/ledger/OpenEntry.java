package dev.autodeploy.internal.ledger;

import dev.autodeploy.spi.LedgerEntry;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An instance in the ledger whose end it does not have.
 *
 * @param started the line of its start
 * @param used the last line of its use, or null
 * @param prepared the last line of its preparation, or null
 */
public record OpenEntry(
    LedgerEntry.Started started,
    LedgerEntry.@Nullable Used used,
    LedgerEntry.@Nullable Prepared prepared) {

  OpenEntry with(LedgerEntry.Used line) {
    return new OpenEntry(started, line, prepared);
  }

  OpenEntry with(LedgerEntry.Prepared line) {
    return new OpenEntry(started, used, line);
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
