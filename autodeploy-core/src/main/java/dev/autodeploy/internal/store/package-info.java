/**
 * State and ledger, in memory and in files. Not API. Start reading at {@code FileStateStore}:
 * {@code DeploymentJournal} is the state and decides when it is compacted, {@code LedgerFile} is
 * the ledger.
 */
@NullMarked
package dev.autodeploy.internal.store;

import org.jspecify.annotations.NullMarked;
