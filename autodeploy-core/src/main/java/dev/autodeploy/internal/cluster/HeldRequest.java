package dev.autodeploy.internal.cluster;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.Lease;
import dev.autodeploy.internal.engine.Engine;
import dev.autodeploy.internal.util.Durations;
import dev.autodeploy.internal.util.Errors;
import dev.autodeploy.spi.Ticker;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A request for a lease that outlives the engines that it is made to. In this order:
 *
 * <ol>
 *   <li>Where this replica leads, its engine is asked; if that leaves meanwhile, it begins again.
 *   <li>At the end of the replica it is refused.
 *   <li>Where another replica leads, and still does when this one looks next, it is refused: that
 *       one may just be handing over.
 *   <li>While nobody does it is held.
 * </ol>
 */
final class HeldRequest {
  private final Replica replica;
  private final String deployment;
  private final AcquireRequest request;
  private final Ticker ticker;
  private final long deadline;
  private final CompletableFuture<Lease> future = new CompletableFuture<>();
  private volatile @Nullable CompletableFuture<Lease> asked;
  private final long looksBefore;

  HeldRequest(Replica replica, String deployment, AcquireRequest request, Ticker ticker) {
    this.replica = replica;
    this.deployment = deployment;
    this.request = request;
    this.ticker = ticker;
    this.looksBefore = replica.looksBegun();
    this.deadline = ticker.read() + Durations.nanos(request.timeout());
  }

  CompletableFuture<Lease> begin() {
    future.whenComplete(
        (lease, error) -> {
          CompletableFuture<Lease> current = asked;
          if (error != null && current != null) {
            current.cancel(false);
          }
        });
    attempt();
    return future;
  }

  private void attempt() {
    try {
      look();
    } catch (RuntimeException | Error e) {
      future.completeExceptionally(e); // nobody else would answer
    }
  }

  private void look() {
    CompletableFuture<Void> change = replica.change(); // before the look, so as to miss none
    Engine engine = replica.engine();
    Duration left = Duration.ofNanos(deadline - ticker.read());
    if (future.isDone()) {
      return;
    }
    if (left.isNegative() || left.isZero()) {
      refuse(
          ErrorCode.ACQUIRE_TIMEOUT,
          "no replica led for long enough within " + Durations.text(request.timeout()));
    } else if (engine != null) { // (1)
      ask(engine, left);
    } else if (replica.isEnded()) { // (2)
      refuse(ErrorCode.CLOSED, "the engine is closed");
    } else if (replica.looksAnswered() > looksBefore && replica.anotherLeads()) { // (3)
      refuse(
          ErrorCode.NOT_LEADING,
          "this replica stands by while another one leads: send the request to the leader");
    } else { // (4)
      change
          .copy()
          .orTimeout(left.toNanos(), TimeUnit.NANOSECONDS)
          .whenCompleteAsync((changed, timeout) -> attempt(), replica::runApart);
    }
  }

  private void ask(Engine engine, Duration left) {
    Optional<Deployment> found = engine.find(deployment);
    if (found.isEmpty()) {
      refuse(ErrorCode.DEPLOYMENT_NOT_FOUND, "there is no deployment '" + deployment + "'");
      return;
    }
    CompletableFuture<Lease> answer =
        found.get().acquireAsync(new AcquireRequest(request.route(), left, request.caller()));
    asked = answer;
    if (future.isDone()) {
      answer.cancel(false);
    }
    answer.whenComplete(this::answered);
  }

  private void answered(@Nullable Lease lease, @Nullable Throwable error) {
    if (lease != null) {
      if (!future.complete(lease)) {
        lease.close();
      }
    } else if (error != null) {
      Throwable cause = Errors.unwrap(error);
      if (cause instanceof AutoDeployException e && e.code() == ErrorCode.CLOSED) {
        attempt(); // the engine has left; this replica may end, or lead again
      } else {
        future.completeExceptionally(cause);
      }
    }
  }

  private void refuse(ErrorCode code, String message) {
    future.completeExceptionally(
        new AutoDeployException(code, deployment, "deployment '" + deployment + "': " + message));
  }
}
