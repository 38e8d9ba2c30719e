package dev.autodeploy.spi;

import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps deployments and the ledger over a restart. Used by one engine at a time; thread-safe.
 *
 * <p>Methods may block; the engine calls them on its provider executor, or on the thread that
 * builds or changes the engine. When a method has returned, what was handed to it survives the end
 * of the process. Errors are {@link dev.autodeploy.AutoDeployException} with {@code STATE_FAILED},
 * or {@code OWNER_IN_USE} from {@link #load()} if another engine uses the same state.
 *
 * <p>A change that failed may be found after a restart all the same. The engine saves or removes
 * each deployment of which a change failed once more before its next change.
 */
public interface StateStore extends AutoCloseable {

  /**
   * Reads the owner and all deployments. Called first, and once.
   *
   * @return the state, empty if nothing was saved
   */
  StoredState load();

  /**
   * Saves the owner id under which instances are labelled, in place of an earlier one.
   *
   * @param owner the owner id
   */
  void saveOwner(String owner);

  /**
   * Saves one deployment: in place of the one of its name, or else behind all others. The cost must
   * not depend on how many there are.
   *
   * @param deployment the deployment
   */
  void save(StoredDeployment deployment);

  /**
   * Saves several deployments, in their order, as {@link #save} does one by one. Worth overriding
   * where saving many at once is cheaper. After a failure any of them may be saved.
   *
   * @param deployments the deployments, each of another name
   */
  default void saveAll(Collection<StoredDeployment> deployments) {
    deployments.forEach(this::save);
  }

  /**
   * Removes one deployment; nothing if there is none of that name.
   *
   * @param name its name
   */
  void remove(String name);

  /**
   * Reads the ledger.
   *
   * @return all entries, oldest first
   */
  List<LedgerEntry> ledger();

  /**
   * Reads the ledger, entry by entry. The engine calls it once, after {@link #load()}. Worth
   * overriding for ledgers that do not fit into memory.
   *
   * @param each gets all entries, oldest first; it may write pages meanwhile
   */
  default void readLedger(Consumer<LedgerEntry> each) {
    ledger().forEach(each);
  }

  /**
   * Returns the pages that keep old intervals apart from the ledger.
   *
   * @return the pages, the same ones each time; null by default, for stores that have none: then
   *     the engine keeps all intervals in memory
   */
  default @Nullable LedgerPages pages() {
    return null;
  }

  /**
   * Appends to the ledger. After a failure the engine may append the same entry again, even if it
   * was written after all; it counts an entry once that is there twice.
   *
   * @param entry what to append
   */
  void append(LedgerEntry entry);

  /**
   * Returns whether another engine has taken over the state, as after a long pause of this one.
   * From then on this engine starts and releases nothing any longer, and leaves its instances to
   * the other one. Asked before each call of the provider: does not block, and stays true.
   *
   * @return whether that is known; false by default, for stores that cannot be taken over
   */
  default boolean isTakenOver() {
    return false;
  }

  /**
   * Returns where what an engine has learned is kept. Used after {@link #load()}, and not after
   * {@link #close()}.
   *
   * @return the place; by default one that keeps nothing
   */
  default Notes notes() {
    return Notes.none();
  }

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
