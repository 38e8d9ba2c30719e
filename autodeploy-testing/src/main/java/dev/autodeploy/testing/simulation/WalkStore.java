package dev.autodeploy.testing.simulation;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import dev.autodeploy.testing.world.SimulatedMachine;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The disk of one owner: it outlives every engine, and serves one of them at a time. */
final class WalkStore {

  /** The outcomes of a write. */
  enum Write {
    WELL,
    /** The write fails, and the disk has what it had. */
    FAILS,
    /**
     * The write fails, but the disk has it: a state at once, an entry if the process is killed now.
     */
    FAILS_WRITTEN,
    /** The write fails, but the disk has it and keeps it. */
    FAILS_KEPT,
    /** The process dies at it, and the disk has what it had. */
    DIES,
    /** The process dies at it, and the disk has it. */
    DIES_WRITTEN
  }

  /** Decides how a write goes; when it dies the process has ended already. */
  interface Fate {
    Write next();

    /** Comes before every call; the process may end here, and the store be cut off from it. */
    default void called() {}
  }

  private final Fate fate;
  private final LongSupplier now;
  private final List<LedgerEntry> ledger = new ArrayList<>();
  private final Set<String> started = new HashSet<>();
  private final Map<String, Long> endWrittenAt = new HashMap<>();
  private final Map<String, StoredDeployment> deployments = new LinkedHashMap<>();
  private final Set<String> uncertain = new HashSet<>();
  private @Nullable String owner;
  private @Nullable LedgerEntry tail;
  private @Nullable Session session;

  WalkStore() {
    this(() -> Write.WELL, () -> 0);
  }

  WalkStore(Fate fate, LongSupplier now) {
    this.fate = fate;
    this.now = now;
  }

  /** Opens it for an engine, cutting an earlier one off. */
  StateStore open() {
    cut();
    Session next = new Session();
    session = next;
    return next;
  }

  /** Cuts the engine off that has it open. */
  void cut() {
    session = null;
    LedgerEntry last = tail;
    if (last != null) {
      tail = null;
      write(last);
    }
  }

  List<LedgerEntry> ledger() {
    return ledger;
  }

  StoredState state() {
    return new StoredState(owner, List.copyOf(deployments.values()));
  }

  /** Returns whether a save has failed, and nobody but the next engine will know what is saved. */
  boolean isUncertain() {
    return !uncertain.isEmpty();
  }

  /** Returns whether the ledger knows of an instance's start. */
  boolean hasStart(String instanceId) {
    return started.contains(instanceId);
  }

  /** Returns when the last line of an instance's end was written. */
  long endWrittenAt(String instanceId) {
    return endWrittenAt.getOrDefault(instanceId, SimulatedMachine.NEVER);
  }

  private void write(LedgerEntry entry) {
    ledger.add(entry);
    if (entry instanceof LedgerEntry.Started) {
      started.add(entry.instanceId());
    } else if (entry instanceof LedgerEntry.Released) {
      endWrittenAt.put(entry.instanceId(), now.getAsLong());
    }
  }

  private static AutoDeployException failed(String message) {
    return new AutoDeployException(ErrorCode.STATE_FAILED, null, message);
  }

  private final class Session implements StateStore {

    @Override
    public StoredState load() {
      check();
      uncertain.clear();
      return state();
    }

    @Override
    public void saveOwner(String newOwner) {
      change("", () -> owner = newOwner);
    }

    @Override
    public void save(StoredDeployment deployment) {
      String name = deployment.spec().name();
      change(name, () -> deployments.put(name, deployment));
    }

    @Override
    public void remove(String name) {
      change(name, () -> deployments.remove(name));
    }

    private void change(String what, Runnable write) {
      check();
      Write how = fate.next();
      if (how != Write.FAILS && how != Write.DIES) {
        write.run();
      }
      if (how == Write.WELL) {
        uncertain.remove(what);
      } else if (how != Write.FAILS && how != Write.DIES) {
        uncertain.add(what);
      }
      cutIfDead(how);
      if (how != Write.WELL) {
        throw failed("the state cannot be written, as drawn");
      }
    }

    @Override
    public List<LedgerEntry> ledger() {
      check();
      return List.copyOf(ledger);
    }

    @Override
    public void append(LedgerEntry entry) {
      check();
      Write how = fate.next();
      if (how == Write.WELL || how == Write.FAILS_KEPT || how == Write.DIES_WRITTEN) {
        tail = null;
        write(entry);
      } else if (how == Write.FAILS_WRITTEN) {
        tail = entry;
      }
      cutIfDead(how);
      if (how != Write.WELL) {
        throw failed("the ledger cannot be written, as drawn");
      }
    }

    @Override
    public void close() {
      if (session == this) {
        fate.called();
        cut();
      }
    }

    /** A process that has died writes nothing more, whatever was under way in it. */
    private void cutIfDead(Write how) {
      if (how == Write.DIES || how == Write.DIES_WRITTEN) {
        cut();
      }
    }

    private void check() {
      if (session == this) {
        fate.called();
      }
      if (session != this) {
        throw failed("the engine has been cut off from its store");
      }
    }
  }
}
