package dev.autodeploy.internal.store;

import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.StoredState;
import java.util.ArrayList;
import java.util.List;

/** A store that forgets everything with the process, but not when it is closed. */
public final class InMemoryStateStore implements StateStore {
  private final List<LedgerEntry> ledger = new ArrayList<>();
  private StoredState state = StoredState.empty();

  /** Creates an empty store. */
  public InMemoryStateStore() {}

  @Override
  public synchronized StoredState load() {
    return state;
  }

  @Override
  public synchronized void save(StoredState newState) {
    state = newState;
  }

  @Override
  public synchronized List<LedgerEntry> ledger() {
    return List.copyOf(ledger);
  }

  @Override
  public synchronized void append(LedgerEntry entry) {
    ledger.add(entry);
  }

  @Override
  public void close() {}
}
