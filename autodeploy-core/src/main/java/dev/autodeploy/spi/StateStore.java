package dev.autodeploy.spi;

import java.util.List;

/**
 * Keeps deployments and the ledger over a restart. Used by one engine at a time; thread-safe.
 *
 * <p>Methods may block; the engine calls them on its provider executor, or on the thread that
 * builds or changes the engine. When a method has returned, what was handed to it survives the end
 * of the process. Errors are {@link dev.autodeploy.AutoDeployException} with {@code STATE_FAILED},
 * or {@code OWNER_IN_USE} from {@link #load()} if another engine uses the same state.
 */
public interface StateStore extends AutoCloseable {

  /**
   * Reads what was saved last. Called first, and once.
   *
   * @return the state, empty if nothing was saved
   */
  StoredState load();

  /**
   * Replaces the state as a whole: afterwards either the old or the new one is read, never a
   * mixture.
   *
   * @param state the new state
   */
  void save(StoredState state);

  /**
   * Reads the ledger. Called once, after {@link #load()}.
   *
   * @return all entries, oldest first
   */
  List<LedgerEntry> ledger();

  /**
   * Appends to the ledger. After a failure the engine may append the same entry again, even if it
   * was written after all; it counts an entry once that is there twice.
   *
   * @param entry what to append
   */
  void append(LedgerEntry entry);

  /** Ends the use. Idempotent. */
  @Override
  void close();

  /**
   * Returns a store that forgets everything with the process.
   *
   * @return a new store
   */
  static StateStore inMemory() {
    return new dev.autodeploy.internal.store.InMemoryStateStore();
  }
}
