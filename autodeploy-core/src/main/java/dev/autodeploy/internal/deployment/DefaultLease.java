package dev.autodeploy.internal.deployment;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.Lease;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.spi.InstanceExit;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;

/** A lease of one instance. */
public final class DefaultLease implements Lease {
  private final DeploymentController controller;
  private final Instance instance;
  private final boolean coldStart;
  private final Duration waited;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final CompletableFuture<InstanceExit> lost = new CompletableFuture<>();

  DefaultLease(
      DeploymentController controller, Instance instance, boolean coldStart, Duration waited) {
    this.controller = controller;
    this.instance = instance;
    this.coldStart = coldStart;
    this.waited = waited;
  }

  Instance instance() {
    return instance;
  }

  @Override
  public String deployment() {
    return controller.name();
  }

  @Override
  public String instanceId() {
    return instance.id;
  }

  @Override
  public URI endpoint() {
    return requireNonNull(requireNonNull(instance.up, "up").endpoint(), "endpoint");
  }

  @Override
  public boolean coldStart() {
    return coldStart;
  }

  @Override
  public Duration waited() {
    return waited;
  }

  @Override
  public CompletionStage<InstanceExit> lost() {
    // Only a lease that is watched is known to its instance, so that the others cost nothing.
    instance.watchers.add(this);
    InstanceExit exit = instance.lostExit;
    if (closed.get()) {
      instance.watchers.remove(this);
    } else if (exit != null) {
      lost.complete(exit);
    }
    return lost;
  }

  void tellLost(InstanceExit exit) {
    lost.complete(exit);
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      instance.watchers.remove(this);
      controller.closeLease(instance);
    }
  }

  @Override
  public String toString() {
    return "Lease[" + instance.id + (closed.get() ? ", closed]" : "]");
  }
}
