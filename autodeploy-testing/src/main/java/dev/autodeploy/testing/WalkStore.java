package dev.autodeploy.testing;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.StoredState;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What one owner has on disk: it outlives every engine, and serves one of them at a time. */
final class WalkStore {
  private final List<LedgerEntry> ledger = new ArrayList<>();
  private final Set<String> started = new HashSet<>();
  private StoredState state = StoredState.empty();
  private @Nullable Session session;

  /** Opens it for an engine, cutting an earlier one off. */
  StateStore open() {
    Session next = new Session();
    session = next;
    return next;
  }

  /** Cuts the engine off that has it open. */
  void cut() {
    session = null;
  }

  List<LedgerEntry> ledger() {
    return ledger;
  }

  /** Returns whether the ledger knows of an instance's start. */
  boolean hasStart(String instanceId) {
    return started.contains(instanceId);
  }

  private final class Session implements StateStore {

    @Override
    public StoredState load() {
      check();
      return state;
    }

    @Override
    public void save(StoredState newState) {
      check();
      state = newState;
    }

    @Override
    public List<LedgerEntry> ledger() {
      check();
      return List.copyOf(ledger);
    }

    @Override
    public void append(LedgerEntry entry) {
      check();
      ledger.add(entry);
      if (entry instanceof LedgerEntry.Started) {
        started.add(entry.instanceId());
      }
    }

    @Override
    public void close() {
      if (session == this) {
        session = null;
      }
    }

    private void check() {
      if (session != this) {
        throw new AutoDeployException(
            ErrorCode.STATE_FAILED, null, "the engine has been cut off from its store");
      }
    }
  }
}
