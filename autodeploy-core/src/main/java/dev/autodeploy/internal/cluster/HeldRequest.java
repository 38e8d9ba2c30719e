package dev.autodeploy.internal.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.Lease;
import dev.autodeploy.internal.engine.Engine;
import dev.autodeploy.internal.util.Durations;
import dev.autodeploy.internal.wire.WireJson;
import dev.autodeploy.spi.Scheduler;
import dev.autodeploy.spi.Ticker;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A request for a lease that outlives the leaders that it is made to. In this order:
 *
 * <ol>
 *   <li>Where this replica leads, its engine is asked; if that leaves meanwhile, may not start
 *       anything now, or answers when it may no longer lend, it begins again.
 *   <li>At the end of the replica it is refused.
 *   <li>Where another replica leads and is reached, that one is asked, unless a lease is there that
 *       requests share; if it is gone meanwhile, it begins again.
 *   <li>Where another replica leads that cannot be reached it is refused: at once if that one has
 *       no address, as soon as this replica has looked once more, as that one may just be handing
 *       over; otherwise when it was not reached for one and a half terms.
 *   <li>Otherwise it is held.
 * </ol>
 */
final class HeldRequest {
  private static final long SHORTEST_PAUSE_MILLIS = 20;
  private static final long LONGEST_PAUSE_MILLIS = 500;
  private static final long NEVER = Long.MAX_VALUE;

  private final Replica replica;
  private final String deployment;
  private final AcquireRequest request;
  private final Ticker ticker;
  private final long deadline;
  private final CompletableFuture<Lease> future = new CompletableFuture<>();
  private volatile @Nullable Runnable withdrawal;
  private final long looksBefore;

  /** Since when another replica is known to lead and not reached; {@link #NEVER} if none is. */
  private volatile long unreachedSince = NEVER;

  private volatile long pauseMillis = SHORTEST_PAUSE_MILLIS;

  /** The time for which it is held while another replica leads that is not reached. */
  private final long unreached;

  HeldRequest(Replica replica, String deployment, AcquireRequest request, Ticker ticker) {
    this.replica = replica;
    this.deployment = deployment;
    this.request = request;
    this.ticker = ticker;
    this.looksBefore = replica.looksBegun();
    this.deadline = ticker.read() + Durations.nanos(request.timeout());
    this.unreached = replica.term().multipliedBy(3).dividedBy(2).toNanos();
  }

  CompletableFuture<Lease> begin() {
    future.whenComplete(
        (lease, error) -> {
          Runnable current = withdrawal;
          if (error != null && current != null) {
            current.run();
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
    LeaderLink link = replica.link();
    boolean another = replica.anotherLeads();
    if (engine != null || link == null || link.isReady() || !another) {
      unreachedSince = NEVER;
    } else if (unreachedSince == NEVER) {
      unreachedSince = ticker.read(); // it may have waited for long before, with a leader or none
    }
    if (left.isNegative() || left.isZero()) {
      refuse(
          ErrorCode.ACQUIRE_TIMEOUT,
          "no replica led for long enough within " + Durations.text(request.timeout()));
    } else if (engine != null) { // (1)
      ask(engine, left);
    } else if (replica.isEnded()) { // (2)
      refuse(ErrorCode.CLOSED, "the engine is closed");
    } else if (link != null && link.isReady()) { // (3)
      ask(link, left);
    } else if (link == null && replica.looksAnswered() > looksBefore && another) { // (4)
      refuse(
          ErrorCode.NOT_LEADING,
          "this replica stands by while another one leads: send the request to the leader");
    } else if (link != null && another && isUnreached()) { // (4)
      refuse(
          ErrorCode.NOT_LEADING,
          "this replica does not reach the leader: send the request to another one");
    } else { // (5)
      long pause = link == null ? left.toNanos() : Math.min(left.toNanos(), unreached / 3);
      attemptAfter(change, pause);
    }
  }

  private boolean isUnreached() {
    return unreachedSince != NEVER && ticker.read() - unreachedSince >= unreached;
  }

  private void ask(LeaderLink link, Duration left) {
    Lease shared = replica.shared().join(deployment, request);
    if (shared != null) {
      give(shared);
      return;
    }
    long number = replica.leases().nextNumber();
    ObjectNode message =
        RemoteCalls.on(deployment).put("timeout", left.toNanos()).put("caller", request.caller());
    message.set("route", WireJson.write(request.route()));
    withdrawal = () -> link.cancel(number);
    link.acquire(number, message, new Answer(link, number));
    if (future.isDone()) {
      link.cancel(number);
    }
  }

  /** Takes the leader's answer. */
  private final class Answer implements LeaderLink.Grant {
    private final LeaderLink link;
    private final long number;

    Answer(LeaderLink link, long number) {
      this.link = link;
      this.number = number;
    }

    @Override
    public long deadline() {
      return deadline;
    }

    @Override
    public void granted(JsonNode grant) {
      LeaseClaim claim =
          new LeaseClaim(number, deployment, grant.path("instance").asText(), request.caller());
      Lease lease = replica.leases().granted(link, claim, grant);
      if (lease == null) { // there is another leader by now, which knows nothing of it
        again();
      } else if (grant.path("shareable").asBoolean()) {
        Lease own = replica.shared().share(lease, request);
        replica.runApart(() -> give(own));
      } else {
        replica.runApart(() -> give(lease));
      }
    }

    @Override
    public void refused(RuntimeException error) {
      boolean gone =
          error instanceof LeaderLink.Broken
              || (error instanceof AutoDeployException e && e.code() == ErrorCode.CLOSED);
      if (gone) {
        again();
      } else {
        replica.runApart(() -> future.completeExceptionally(error));
      }
    }
  }

  /** Begins again when something has changed; otherwise after a pause, which grows. */
  private void again() {
    long pause = pauseMillis;
    pauseMillis = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
    attemptAfter(replica.change(), TimeUnit.MILLISECONDS.toNanos(pause));
  }

  private void attemptAfter(CompletableFuture<Void> change, long pause) {
    AtomicBoolean begun = new AtomicBoolean();
    Runnable once =
        () -> {
          if (begun.compareAndSet(false, true)) {
            attempt();
          }
        };
    Scheduler.Cancellable timer = replica.runApartAfter(once, pause);
    change.whenCompleteAsync(
        (changed, error) -> {
          timer.cancel();
          once.run();
        },
        replica::runApart);
  }

  private void give(Lease lease) {
    if (future.isDone() || !future.complete(lease)) {
      lease.close();
    }
  }

  private void ask(Engine engine, Duration left) {
    Optional<Deployment> found = engine.find(deployment);
    if (found.isEmpty()) {
      refuse(ErrorCode.DEPLOYMENT_NOT_FOUND, "there is no deployment '" + deployment + "'");
      return;
    }
    EngineRequest asked =
        EngineRequest.of(engine, new AcquireRequest(request.route(), left, request.caller()));
    CompletableFuture<Lease> answer = asked.ask(found.get());
    withdrawal = () -> answer.cancel(false);
    if (future.isDone()) {
      answer.cancel(false);
    }
    answer.whenComplete((lease, error) -> answered(asked, lease, error));
  }

  private void answered(EngineRequest asked, @Nullable Lease lease, @Nullable Throwable error) {
    if (lease != null && asked.isLate()) {
      lease.close();
      again();
    } else if (lease != null) {
      give(replica.leases().own(lease, request.caller()));
    } else if (error != null) {
      Throwable cause = asked.failure(error);
      if (cause instanceof AutoDeployException e && e.code() == ErrorCode.CLOSED) {
        again(); // the engine has left, or cannot start anything now
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
