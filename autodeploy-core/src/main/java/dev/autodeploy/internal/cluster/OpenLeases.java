package dev.autodeploy.internal.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import dev.autodeploy.Lease;
import dev.autodeploy.internal.engine.Engine;
import dev.autodeploy.internal.util.Durations;
import dev.autodeploy.internal.wire.WireJson;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.Ticker;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The leases that one replica's host has open, whoever leads. Every leader is told of all of them
 * before it is asked for others, and from then on of each that is closed. Thread-safe.
 */
final class OpenLeases {
  /** The time between looks, while an application ends. */
  private static final long LOOK_MILLIS = 50;

  private final ReentrantLock lock = new ReentrantLock();
  private final AtomicLong numbers = new AtomicLong();

  // Guarded by the lock.
  private final Map<Long, ReplicaLease> open = new LinkedHashMap<>();
  private @Nullable LeaderLink link;

  private @Nullable Engine engine;

  /** Returns a number that no lease or call of this replica has had. */
  long nextNumber() {
    return numbers.incrementAndGet();
  }

  /** Takes a lease of this replica's own engine. */
  ReplicaLease own(Lease lease, @Nullable String caller) {
    LeaseClaim claim = new LeaseClaim(nextNumber(), lease.deployment(), lease.instanceId(), caller);
    ReplicaLease granted =
        new ReplicaLease(
            this, claim, lease.endpoint(), lease.coldStart(), lease.woken(), lease.waited());
    granted.own(lease);
    lock.lock();
    try {
      open.put(claim.id(), granted);
    } finally {
      lock.unlock();
    }
    return granted;
  }

  /**
   * Takes a lease that the leader has granted.
   *
   * @return the lease, or null if there is another leader by now, which has not been told of it
   */
  @Nullable ReplicaLease granted(LeaderLink from, LeaseClaim claim, JsonNode grant) {
    ReplicaLease granted =
        new ReplicaLease(
            this,
            claim,
            URI.create(grant.path("endpoint").asText()),
            grant.path("cold").asBoolean(),
            grant.path("woken").asBoolean(),
            Duration.ofNanos(grant.path("waited").asLong()));
    lock.lock();
    try {
      if (link != from) {
        return null;
      }
      open.put(claim.id(), granted);
      return granted;
    } finally {
      lock.unlock();
    }
  }

  void close(ReplicaLease lease) {
    long number = lease.claim().id();
    lock.lock();
    try {
      open.remove(number);
      if (link != null) {
        link.closed(number); // under the lock: after the leader was told of it, if it was
      }
    } finally {
      lock.unlock();
    }
    Lease own = lease.own();
    if (own != null) {
      own.close();
    }
  }

  /** Asks whoever leads to replace the instance of a lease. */
  void abandon(LeaseClaim claim, String why) {
    LeaderLink leader;
    Engine own;
    lock.lock();
    try {
      leader = link;
      own = engine;
    } finally {
      lock.unlock();
    }
    if (own != null) {
      own.abandoned(claim.deployment(), claim.instance(), why);
    } else if (leader != null) {
      leader.call(
          nextNumber(),
          RemoteCalls.ABANDON.name(),
          RemoteCalls.on(claim.deployment()).put("instance", claim.instance()).put("why", why));
    }
  }

  /** Returns the leases that a leader is told of, which hears of those that are closed then. */
  List<LeaseClaim> follow(LeaderLink leader) {
    lock.lock();
    try {
      link = leader;
      engine = null;
      return open.values().stream().map(ReplicaLease::claim).toList();
    } finally {
      lock.unlock();
    }
  }

  /** Hands all of them to this replica's own engine to be counted, as it begins to lead. */
  void lead(Engine leading) {
    List<ReplicaLease> all;
    lock.lock();
    try {
      link = null;
      engine = leading;
      all = List.copyOf(open.values());
    } finally {
      lock.unlock();
    }
    for (ReplicaLease lease : all) {
      LeaseClaim claim = lease.claim();
      Lease counted = leading.takeOver(claim.deployment(), claim.instance(), claim.caller());
      if (counted == null) {
        lease.tellLost(InstanceExit.unknown("it was gone when the next leader looked"));
        continue;
      }
      lease.own(counted);
      if (!isOpen(claim.id())) { // closed meanwhile
        counted.close();
      }
    }
  }

  private boolean isOpen(long number) {
    lock.lock();
    try {
      return open.containsKey(number);
    } finally {
      lock.unlock();
    }
  }

  /** The instance of a lease is lost, as the leader says. */
  void lost(long number, JsonNode exit) {
    ReplicaLease lease;
    lock.lock();
    try {
      lease = open.get(number);
    } finally {
      lock.unlock();
    }
    if (lease != null) {
      lease.tellLost(WireJson.read(exit, InstanceExit.class));
    }
  }

  /** Waits until none is open, while an application ends, up to a limit or an interrupt. */
  void awaitNone(Duration limit, Ticker ticker) {
    long deadline = ticker.read() + Durations.nanos(limit);
    try {
      while (!isEmpty() && ticker.read() - deadline < 0) {
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isEmpty() {
    lock.lock();
    try {
      return open.isEmpty();
    } finally {
      lock.unlock();
    }
  }
}
