package dev.autodeploy.internal.engine;

import dev.autodeploy.internal.store.InMemoryStateStore;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.LedgerPages;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** A store in memory that lets a test look on and interfere; several engines may use it in turn. */
final class FakeStore implements StateStore {
  private final InMemoryStateStore store = new InMemoryStateStore();

  /** Called before an entry is written; what it throws is what the store throws. */
  volatile Consumer<LedgerEntry> beforeAppend = entry -> {};

  /** Called after an entry was written; likewise. */
  volatile Consumer<LedgerEntry> afterAppend = entry -> {};

  /** Called before deployments are saved or removed, with their names; likewise. */
  volatile Consumer<String> beforeSave = name -> {};

  /** Called after deployments were saved or removed, with their names; likewise. */
  volatile Consumer<String> afterSave = name -> {};

  /** Called before a page is read, with its name; likewise. */
  volatile Consumer<String> beforeGet = name -> {};

  /** The changes of deployments so far: the names of each, and "-" before those of a removal. */
  final List<String> changes = new CopyOnWriteArrayList<>();

  volatile boolean closed;

  /** Another engine has taken over. */
  volatile boolean takenOver;

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
    saveAll(List.of(deployment));
  }

  @Override
  public void saveAll(Collection<StoredDeployment> deployments) {
    String names =
        deployments.stream().map(it -> it.spec().name()).collect(Collectors.joining(" "));
    beforeSave.accept(names);
    store.saveAll(deployments);
    changes.add(names);
    afterSave.accept(names);
  }

  @Override
  public void remove(String name) {
    beforeSave.accept(name);
    store.remove(name);
    changes.add("-" + name);
    afterSave.accept(name);
  }

  /** Returns the names of the deployments that the next engine finds. */
  List<String> names() {
    return store.load().deployments().stream().map(it -> it.spec().name()).toList();
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
  public LedgerPages pages() {
    LedgerPages pages = store.pages();
    return new LedgerPages() {
      @Override
      public void put(String name, List<String> lines) {
        pages.put(name, lines);
      }

      @Override
      public List<String> get(String name) {
        beforeGet.accept(name);
        return pages.get(name);
      }

      @Override
      public Set<String> retain(Collection<String> names) {
        return pages.retain(names);
      }

      @Override
      public void replaceLedger(List<LedgerEntry> entries) {
        pages.replaceLedger(entries);
      }
    };
  }

  @Override
  public boolean isTakenOver() {
    return takenOver;
  }

  @Override
  public void close() {
    closed = true;
  }

  <T extends LedgerEntry> List<T> lines(Class<T> type) {
    return ledger().stream().filter(type::isInstance).map(type::cast).toList();
  }
}
