package dev.autodeploy.internal.cluster;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.Lease;
import dev.autodeploy.RouteRule;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.Ticker;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The leases of a follower that several requests use together, where any number of them may be at
 * an instance at once: the leader is asked once in a window, not for each request. It counts the
 * lease until the last of the requests has ended and the window is over. Thread-safe.
 */
final class SharedLeases {
  private static final Duration LONGEST_WINDOW = Duration.ofSeconds(1);

  private final Ticker ticker;
  private final ReplicaRuntime.Line timer;
  private final long window;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Key, Shared> current = new HashMap<>();

  /** The requests that may share: they pay for it together. */
  private record Key(String deployment, @Nullable String caller) {}

  /** A lease and its users, guarded by the lock. */
  private static final class Shared {
    final Lease lease;
    final long until;
    int users;
    boolean closed;

    Shared(Lease lease, long until) {
      this.lease = lease;
      this.until = until;
    }
  }

  /**
   * Makes it, without leases.
   *
   * @param term for how long the leader counts the leases of a replica that is silent
   */
  SharedLeases(Duration term, Ticker ticker, ReplicaRuntime.Line timer) {
    this.ticker = ticker;
    this.timer = timer;
    this.window = Math.min(LONGEST_WINDOW.toNanos(), term.dividedBy(3).toNanos());
  }

  private static boolean mayShare(RouteRule route) {
    return route instanceof RouteRule.Default || route instanceof RouteRule.Running;
  }

  /** Returns a lease for a request that needs not ask the leader, or null. */
  @Nullable Lease join(String deployment, AcquireRequest request) {
    if (!mayShare(request.route())) {
      return null;
    }
    lock.lock();
    try {
      Shared shared = current.get(new Key(deployment, request.caller()));
      if (shared == null || shared.closed || ticker.read() - shared.until >= 0) {
        return null;
      }
      shared.users++;
      return new Use(shared, Duration.ZERO, false, false);
    } finally {
      lock.unlock();
    }
  }

  /** Takes a lease that the leader has granted; others may use it too from now on. */
  Lease share(Lease lease, AcquireRequest request) {
    if (!mayShare(request.route())) {
      return lease;
    }
    Key key = new Key(lease.deployment(), request.caller());
    Shared shared = new Shared(lease, ticker.read() + window);
    shared.users = 1;
    lock.lock();
    try {
      current.put(key, shared);
    } finally {
      lock.unlock();
    }
    lease.lost().thenRun(() -> drop(key, shared));
    try {
      timer.schedule(() -> over(key, shared), window);
    } catch (RejectedExecutionException e) { // the replica ends: nobody is to share it
      drop(key, shared);
      return lease;
    }
    return new Use(shared, lease.waited(), lease.coldStart(), lease.woken());
  }

  private void drop(Key key, Shared shared) {
    lock.lock();
    try {
      current.remove(key, shared);
    } finally {
      lock.unlock();
    }
  }

  /** The window is over: closes the lease if nobody uses it. */
  private void over(Key key, Shared shared) {
    boolean closes;
    lock.lock();
    try {
      current.remove(key, shared);
      closes = shared.users == 0 && !shared.closed;
      shared.closed |= closes;
    } finally {
      lock.unlock();
    }
    if (closes) {
      shared.lease.close();
    }
  }

  private void leave(Shared shared) {
    boolean closes;
    lock.lock();
    try {
      shared.users--;
      closes = shared.users == 0 && ticker.read() - shared.until >= 0 && !shared.closed;
      shared.closed |= closes;
    } finally {
      lock.unlock();
    }
    if (closes) {
      shared.lease.close();
    }
  }

  /** Closes what is kept only in case that somebody comes. */
  void end() {
    Map<Key, Shared> all;
    lock.lock();
    try {
      all = Map.copyOf(current);
    } finally {
      lock.unlock();
    }
    all.forEach(this::over);
  }

  /** The use of a shared lease by one request. */
  private final class Use implements Lease {
    private final Shared shared;
    private final Duration waited;
    private final boolean coldStart;
    private final boolean woken;
    private final AtomicBoolean closed = new AtomicBoolean();

    Use(Shared shared, Duration waited, boolean coldStart, boolean woken) {
      this.shared = shared;
      this.waited = waited;
      this.coldStart = coldStart;
      this.woken = woken;
    }

    @Override
    public String deployment() {
      return shared.lease.deployment();
    }

    @Override
    public String instanceId() {
      return shared.lease.instanceId();
    }

    @Override
    public URI endpoint() {
      return shared.lease.endpoint();
    }

    @Override
    public boolean coldStart() {
      return coldStart;
    }

    @Override
    public boolean woken() {
      return woken;
    }

    @Override
    public Duration waited() {
      return waited;
    }

    @Override
    public CompletionStage<InstanceExit> lost() {
      return shared.lease.lost();
    }

    @Override
    public void abandon(String why) {
      if (!closed.get() && shared.lease instanceof ReplicaLease lease) {
        lease.report(why); // others use the lease
      }
      close();
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        leave(shared);
      }
    }

    @Override
    public String toString() {
      return shared.lease.toString();
    }
  }
}
