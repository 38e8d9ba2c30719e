package dev.autodeploy.internal.deployment;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Lease;
import dev.autodeploy.internal.decision.Arrival;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.internal.decision.Waiter;
import java.util.concurrent.CompletableFuture;

/** A call of {@code acquireAsync}: a caller that is answered by a future. */
final class AcquireCall extends Waiter {
  private final DeploymentController controller;
  private final CompletableFuture<Lease> future = new CompletableFuture<>();
  private volatile boolean answered;

  AcquireCall(
      DeploymentController controller, AcquireRequest request, long askedAt, long deadline) {
    super(request, askedAt, deadline);
    this.controller = controller;
  }

  CompletableFuture<Lease> future() {
    return future;
  }

  /** Returns whether it was answered, even if the caller had cancelled it before. */
  boolean isAnswered() {
    return answered;
  }

  @Override
  public void granted(Instance instance, Arrival arrival, long waitedNanos) {
    Lease lease = controller.lease(instance, arrival, waitedNanos, caller());
    controller.callBack(() -> complete(lease));
  }

  @Override
  public void rejected(AutoDeployException error) {
    controller.notServed(askedAt());
    controller.callBack(
        () -> {
          answered = true;
          future.completeExceptionally(error);
        });
  }

  /** Hands a lease over, or gives it back at once if nobody takes it. */
  void complete(Lease lease) {
    answered = true;
    if (!future.complete(lease)) {
      lease.close();
    }
  }
}
