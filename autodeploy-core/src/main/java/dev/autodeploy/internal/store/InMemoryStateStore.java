package dev.autodeploy.internal.store;

import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.LedgerPages;
import dev.autodeploy.spi.Notes;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A store that forgets everything with the process, but not when it is closed. */
public final class InMemoryStateStore implements StateStore {
  private final List<LedgerEntry> ledger = new ArrayList<>();
  private final Map<String, StoredDeployment> deployments = new LinkedHashMap<>();
  private final Pages pages = new Pages();
  private final Notes notes = new InMemoryNotes();
  private @Nullable String owner;

  /** Creates an empty store. */
  public InMemoryStateStore() {}

  @Override
  public synchronized StoredState load() {
    return new StoredState(owner, List.copyOf(deployments.values()));
  }

  @Override
  public synchronized void saveOwner(String newOwner) {
    owner = newOwner;
  }

  @Override
  public synchronized void save(StoredDeployment deployment) {
    deployments.put(deployment.spec().name(), deployment);
  }

  @Override
  public synchronized void remove(String name) {
    deployments.remove(name);
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
  public LedgerPages pages() {
    return pages;
  }

  @Override
  public Notes notes() {
    return notes;
  }

  @Override
  public void close() {}

  /** Pages as bytes that are compressed: many intervals are alike. */
  private final class Pages implements LedgerPages {
    private final Map<String, byte[]> texts = new HashMap<>();

    @Override
    public void put(String name, List<String> lines) {
      byte[] text = Deflated.of(String.join("\n", lines));
      synchronized (InMemoryStateStore.this) {
        texts.put(name, text);
      }
    }

    @Override
    public List<String> get(String name) {
      byte[] text;
      synchronized (InMemoryStateStore.this) {
        text = texts.get(name);
      }
      if (text == null) {
        throw Failures.failed("page " + name + " of the ledger is missing");
      }
      String lines = Deflated.text(text);
      return lines.isEmpty() ? List.of() : List.of(lines.split("\n"));
    }

    @Override
    public Set<String> retain(Collection<String> names) {
      synchronized (InMemoryStateStore.this) {
        texts.keySet().retainAll(Set.copyOf(names));
        return Set.copyOf(texts.keySet());
      }
    }

    @Override
    public void replaceLedger(List<LedgerEntry> entries) {
      synchronized (InMemoryStateStore.this) {
        ledger.clear();
        ledger.addAll(entries);
      }
    }
  }
}
