package dev.autodeploy.internal.store;

import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.StoredState;
import java.nio.file.Path;
import java.util.List;

/** Keeps the state in a directory. */
public final class FileStateStore implements StateStore {

  /**
   * Creates a store.
   *
   * @param directory where
   */
  public FileStateStore(Path directory) {}

  @Override
  public StoredState load() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void save(StoredState state) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<LedgerEntry> ledger() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void append(LedgerEntry entry) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
