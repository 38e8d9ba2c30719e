package dev.autodeploy.internal.engine;

import dev.autodeploy.internal.store.InMemoryStateStore;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.util.List;
import java.util.function.Consumer;

/** A store in memory that lets a test look on and interfere; several engines may use it in turn. */
final class FakeStore implements StateStore {
  private final InMemoryStateStore store = new InMemoryStateStore();

  /** Called before an entry is written; what it throws is what the store throws. */
  volatile Consumer<LedgerEntry> beforeAppend = entry -> {};

  /** Called after an entry was written; likewise. */
  volatile Consumer<LedgerEntry> afterAppend = entry -> {};

  /** Called before a deployment is saved or removed, with its name; likewise. */
  volatile Consumer<String> beforeSave = name -> {};

  /** Called after a deployment was saved or removed, with its name; likewise. */
  volatile Consumer<String> afterSave = name -> {};

  volatile boolean closed;

  @Override
  public StoredState load() {
    closed = false;
    return store.load();
  }

  @Override
  public void saveOwner(String owner) {
    store.saveOwner(owner);
  }

  @Override
  public void save(StoredDeployment deployment) {
    beforeSave.accept(deployment.spec().name());
    store.save(deployment);
    afterSave.accept(deployment.spec().name());
  }

  @Override
  public void remove(String name) {
    beforeSave.accept(name);
    store.remove(name);
    afterSave.accept(name);
  }

  @Override
  public List<LedgerEntry> ledger() {
    return store.ledger();
  }

  @Override
  public void append(LedgerEntry entry) {
    if (closed) {
      throw new IllegalStateException("the store is closed");
    }
    beforeAppend.accept(entry);
    store.append(entry);
    afterAppend.accept(entry);
  }

  @Override
  public void close() {
    closed = true;
  }

  <T extends LedgerEntry> List<T> lines(Class<T> type) {
    return ledger().stream().filter(type::isInstance).map(type::cast).toList();
  }
}
