package dev.autodeploy.console;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** A stored past: deployments that exist already, and what is on their ledger. */
final class PastStore implements StateStore {
  private final List<StoredDeployment> deployments = new ArrayList<>();
  private final List<LedgerEntry> ledger = new ArrayList<>();

  PastStore deployment(DeploymentSpec spec, Instant createdAt) {
    deployments.add(new StoredDeployment(spec, createdAt));
    return this;
  }

  /** Adds an instance that is no more. */
  PastStore instance(
      DeploymentSpec spec,
      String id,
      Instant start,
      Duration starting,
      Duration busy,
      Duration whole) {
    Instant end = start.plus(whole);
    ledger.add(
        new LedgerEntry.Released(
            UsageInterval.builder(spec.name(), spec.name() + "-" + id, start)
                .gpu(spec.gpu())
                .readyAt(start.plus(starting))
                .releaseRequestedAt(end.minus(whole.dividedBy(50)))
                .endedAt(end)
                .busy(busy)
                .build()));
    return this;
  }

  @Override
  public StoredState load() {
    return new StoredState("past", deployments);
  }

  @Override
  public void saveOwner(String owner) {}

  @Override
  public void save(StoredDeployment deployment) {}

  @Override
  public void remove(String name) {}

  @Override
  public List<LedgerEntry> ledger() {
    return ledger;
  }

  @Override
  public void append(LedgerEntry entry) {}

  @Override
  public void close() {}
}
