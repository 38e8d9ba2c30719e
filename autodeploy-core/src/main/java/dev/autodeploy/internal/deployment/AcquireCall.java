package dev.autodeploy.internal.deployment;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Lease;
import dev.autodeploy.RouteRule;
import dev.autodeploy.internal.decision.Waiter;
import java.util.concurrent.CompletableFuture;

/** A caller that is answered by a future. */
final class AcquireCall extends Waiter {
  private final CompletableFuture<Lease> future = new CompletableFuture<>();
  private volatile boolean answered;

  AcquireCall(RouteRule route, long askedAt, long deadline) {
    super(route, askedAt, deadline);
  }

  CompletableFuture<Lease> future() {
    return future;
  }

  /** Returns whether the machine has answered it, even if the caller was faster to give up. */
  boolean isAnswered() {
    return answered;
  }

  /** Hands a lease over, or gives it back at once if nobody takes it. */
  void grant(Lease lease) {
    answered = true;
    if (!future.complete(lease)) {
      lease.close();
    }
  }

  void refuse(AutoDeployException error) {
    answered = true;
    future.completeExceptionally(error);
  }
}
