package dev.autodeploy.internal.cluster;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.Lease;
import dev.autodeploy.spi.InstanceExit;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A lease that a replica has granted to its host. It stays the same while leaders come and go: each
 * of them counts it anew, in this process or in another one.
 */
final class ReplicaLease implements Lease {
  private final OpenLeases leases;
  private final LeaseClaim claim;
  private final URI endpoint;
  private final boolean coldStart;
  private final boolean woken;
  private final Duration waited;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final CompletableFuture<InstanceExit> lost = new CompletableFuture<>();
  private volatile boolean watched;

  /** The lease of this replica's own engine, while it leads; changed by {@link OpenLeases} only. */
  private volatile @Nullable Lease own;

  ReplicaLease(
      OpenLeases leases,
      LeaseClaim claim,
      URI endpoint,
      boolean coldStart,
      boolean woken,
      Duration waited) {
    this.leases = leases;
    this.claim = claim;
    this.endpoint = endpoint;
    this.coldStart = coldStart;
    this.woken = woken;
    this.waited = waited;
  }

  LeaseClaim claim() {
    return claim;
  }

  @Nullable Lease own() {
    return own;
  }

  void own(Lease lease) {
    own = lease;
    if (watched) {
      lease.lost().thenAccept(lost::complete);
    }
  }

  void tellLost(InstanceExit exit) {
    lost.complete(exit);
  }

  @Override
  public String deployment() {
    return claim.deployment();
  }

  @Override
  public String instanceId() {
    return claim.instance();
  }

  @Override
  public URI endpoint() {
    return endpoint;
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
    watched = true;
    Lease current = own;
    if (current != null) {
      current.lost().thenAccept(lost::complete);
    }
    return lost;
  }

  @Override
  public void abandon(String why) {
    report(requireNonNull(why, "why"));
    close();
  }

  /** Asks for the instance to be replaced, and keeps the lease. */
  void report(String why) {
    if (!closed.get()) {
      leases.abandon(claim, why);
    }
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      leases.close(this);
    }
  }

  @Override
  public String toString() {
    return "Lease[" + claim.instance() + (closed.get() ? ", closed]" : "]");
  }
}
