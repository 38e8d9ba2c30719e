package dev.autodeploy.internal.ledger;

import dev.autodeploy.spi.LedgerEntry;
import org.jspecify.annotations.Nullable;

/**
 * An instance in the ledger whose end it does not have.
 *
 * @param started the line of its start
 * @param used the last line of its use, or null
 */
public record OpenEntry(LedgerEntry.Started started, LedgerEntry.@Nullable Used used) {}
