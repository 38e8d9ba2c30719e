package dev.autodeploy.testing.cluster;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.spi.Leader;
import dev.autodeploy.spi.LeaderElection;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import dev.autodeploy.testing.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The database of all replicas, by the rules of {@code LeaderElection}: who leads until when, and
 * the state, in which nobody writes once a later epoch is known.
 */
final class SimulatedElection {
  /** An entry of the ledger, and when it was written. */
  record Line(LedgerEntry entry, long at) {}

  final List<Line> ledger = new ArrayList<>();

  private final ManualTime time;
  private final Map<String, StoredDeployment> deployments = new LinkedHashMap<>();
  private final Map<String, String> addresses = new HashMap<>();
  private @Nullable String owner;
  private long epoch;
  private String leader = "";
  private long until;

  SimulatedElection(ManualTime time) {
    this.time = time;
  }

  /** Returns the replica that leads at this moment; empty if there is none. */
  String leader() {
    return until > time.read() ? leader : "";
  }

  long epoch() {
    return epoch;
  }

  /** Returns the way of one replica to it. */
  LeaderElection of(SimulatedReplica replica) {
    return new Access(replica);
  }

  private final class Access implements LeaderElection {
    private final SimulatedReplica replica;

    Access(SimulatedReplica replica) {
      this.replica = replica;
    }

    @Override
    public Leader campaign(String id, long held, Duration term) {
      replica.reachStore();
      long now = time.read();
      boolean own = id.equals(leader);
      boolean free = leader.isEmpty() || until <= now;
      boolean refused = term.isZero() || (held != 0 && held != epoch) || (!own && !free);
      if (!refused) {
        epoch = own && held == epoch ? epoch : epoch + 1;
        leader = id;
        until = now + term.toNanos();
      }
      String leads = until > now ? leader : "";
      return new Leader(epoch, leads, addresses.getOrDefault(leads, ""), time.instant());
    }

    @Override
    public void resign(long resigned) {
      replica.reachStore();
      if (resigned == epoch) {
        leader = "";
        until = 0;
      }
    }

    @Override
    public StateStore store(long of) {
      return new Session(replica, of);
    }

    @Override
    public void advertise(String address) {
      addresses.put(replica.id, address);
    }

    @Override
    public String secret() {
      return "0123456789abcdef0123456789abcdef0123456789abcdef";
    }
  }

  private final class Session implements StateStore {
    private final SimulatedReplica replica;
    private final long of;
    private volatile boolean takenOver;

    Session(SimulatedReplica replica, long of) {
      this.replica = replica;
      this.of = of;
    }

    private void write(Runnable change) {
      replica.reachStore();
      if (epoch > of) {
        takenOver = true;
        throw new AutoDeployException(
            ErrorCode.STATE_FAILED, null, "a later epoch has begun: " + epoch + " after " + of);
      }
      change.run();
    }

    @Override
    public StoredState load() {
      replica.reachStore();
      return new StoredState(owner, List.copyOf(deployments.values()));
    }

    @Override
    public void saveOwner(String newOwner) {
      write(() -> owner = newOwner);
    }

    @Override
    public void save(StoredDeployment deployment) {
      write(() -> deployments.put(deployment.spec().name(), deployment));
    }

    @Override
    public void remove(String name) {
      write(() -> deployments.remove(name));
    }

    @Override
    public List<LedgerEntry> ledger() {
      replica.reachStore();
      return ledger.stream().map(Line::entry).toList();
    }

    @Override
    public void append(LedgerEntry entry) {
      write(() -> ledger.add(new Line(entry, time.read())));
    }

    @Override
    public boolean isTakenOver() {
      return takenOver;
    }

    @Override
    public void close() {}
  }
}
