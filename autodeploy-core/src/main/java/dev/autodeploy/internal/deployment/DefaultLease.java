package dev.autodeploy.internal.deployment;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.Lease;
import dev.autodeploy.internal.decision.Arrival;
import dev.autodeploy.spi.InstanceExit;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/** A lease of one instance. */
final class DefaultLease implements Lease {
  private static final AtomicIntegerFieldUpdater<DefaultLease> CLOSED =
      AtomicIntegerFieldUpdater.newUpdater(DefaultLease.class, "closed");

  private final DeploymentController controller;
  private final RunningInstance running;
  private final Arrival arrival;
  private final Duration waited;
  private final boolean keeps;
  private final @Nullable String caller;
  private final long grantedAt;

  /** 0 while it is open, then 1. */
  private volatile int closed;

  /** Made for whoever watches it: every request has a lease, and hardly one is watched. */
  private volatile @Nullable CompletableFuture<InstanceExit> lost;

  private DefaultLease(
      DeploymentController controller,
      RunningInstance running,
      Arrival arrival,
      Duration waited,
      boolean keeps,
      @Nullable String caller,
      long grantedAt) {
    this.controller = controller;
    this.running = running;
    this.arrival = arrival;
    this.waited = waited;
    this.keeps = keeps;
    this.caller = caller;
    this.grantedAt = grantedAt;
  }

  /**
   * Returns a lease that the machine has counted, and that keeps its instance.
   *
   * @param grantedAt when it was granted, on the deployment's time line
   */
  static DefaultLease counted(
      DeploymentController controller,
      RunningInstance running,
      Arrival arrival,
      Duration waited,
      @Nullable String caller,
      long grantedAt) {
    return new DefaultLease(controller, running, arrival, waited, true, caller, grantedAt);
  }

  /** Returns a lease that the machine knows nothing of: its instance can be released meanwhile. */
  static DefaultLease borrowed(DeploymentController controller, RunningInstance running) {
    return new DefaultLease(controller, running, Arrival.READY, Duration.ZERO, false, null, 0);
  }

  @Override
  public String deployment() {
    return controller.name();
  }

  @Override
  public String instanceId() {
    return running.id();
  }

  @Override
  public URI endpoint() {
    return requireNonNull(running.endpoint(), "endpoint");
  }

  @Override
  public boolean coldStart() {
    return arrival == Arrival.STARTED;
  }

  @Override
  public boolean woken() {
    return arrival == Arrival.WOKEN;
  }

  @Override
  public Duration waited() {
    return waited;
  }

  @Override
  public CompletionStage<InstanceExit> lost() {
    CompletableFuture<InstanceExit> watched = watched();
    // Only a lease that is watched is known to its instance, so that the others cost nothing.
    if (closed == 0) {
      running.watch(this);
      if (closed != 0) { // meanwhile
        running.unwatch(this);
      }
    }
    return watched;
  }

  private synchronized CompletableFuture<InstanceExit> watched() {
    CompletableFuture<InstanceExit> watched = lost;
    if (watched == null) {
      watched = new CompletableFuture<>();
      lost = watched;
    }
    return watched;
  }

  void tellLost(InstanceExit exit) {
    watched().complete(exit);
  }

  @Override
  public void abandon(String why) {
    requireNonNull(why, "why");
    if (closed == 0 && keeps) {
      controller.abandoned(running.instance(), why);
    }
    close();
  }

  @Override
  public void close() {
    if (CLOSED.compareAndSet(this, 0, 1)) {
      if (lost != null) {
        running.unwatch(this);
      }
      if (keeps) {
        controller.closeLease(running.instance(), caller, grantedAt - waited.toNanos(), grantedAt);
      }
    }
  }

  @Override
  public String toString() {
    return "Lease[" + running.id() + (closed != 0 ? ", closed]" : "]");
  }
}
