package dev.autodeploy.internal.store;

import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A store that forgets everything with the process, but not when it is closed. */
public final class InMemoryStateStore implements StateStore {
  private final List<LedgerEntry> ledger = new ArrayList<>();
  private final Map<String, StoredDeployment> deployments = new LinkedHashMap<>();
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
  public void close() {}
}
