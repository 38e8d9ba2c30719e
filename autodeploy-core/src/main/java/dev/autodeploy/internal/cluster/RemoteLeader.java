package dev.autodeploy.internal.cluster;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.util.Errors;
import dev.autodeploy.internal.wire.WireJson;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The leader as a follower asks it for anything but leases.
 *
 * @param link the link to it
 * @param leases gives calls their numbers
 */
record RemoteLeader(LeaderLink link, OpenLeases leases) {
  /** The time that an operation may take whose result the caller waits for. */
  private static final Duration LIMIT = Duration.ofSeconds(10);

  /** Asks the leader for an operation; fails with {@code NOT_LEADING} if it goes meanwhile. */
  <T extends @Nullable Object> CompletableFuture<T> ask(RemoteCall<T> call, ObjectNode args) {
    return link.call(leases.nextNumber(), call.name(), args)
        .handle(
            (value, error) -> {
              if (error == null) {
                return WireJson.read(value, call.type());
              }
              Throwable cause = Errors.unwrap(error);
              if (cause instanceof LeaderLink.Broken) {
                throw unreachable(args.path("deployment").textValue());
              }
              throw cause instanceof RuntimeException known
                  ? known
                  : new IllegalStateException("the leader was not understood", cause);
            });
  }

  /**
   * Asks the leader for an operation; fails with {@code NOT_LEADING} as well if that takes long.
   */
  <T extends @Nullable Object> CompletableFuture<T> askInTime(RemoteCall<T> call, ObjectNode args) {
    return ask(call, args)
        .orTimeout(LIMIT.toMillis(), TimeUnit.MILLISECONDS)
        .exceptionallyCompose(
            error ->
                CompletableFuture.failedFuture(
                    Errors.unwrap(error) instanceof TimeoutException
                        ? unreachable(args.path("deployment").textValue())
                        : error));
  }

  /** Asks the leader for an operation, and waits for its result. */
  <T extends @Nullable Object> T get(RemoteCall<T> call, ObjectNode args) {
    try {
      return ask(call, args).get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException known) {
        throw known;
      }
      throw new IllegalStateException("the leader was not understood", e);
    } catch (TimeoutException e) {
      throw unreachable(args.path("deployment").textValue());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unreachable(args.path("deployment").textValue());
    }
  }

  /** Returns the error of what only the leader can do, while none is reached. */
  static AutoDeployException unreachable(@Nullable String deployment) {
    return new AutoDeployException(
        ErrorCode.NOT_LEADING,
        deployment,
        "this replica does not lead, and only the leader can do that: ask the leader, or try again"
            + " in a moment if there is none");
  }
}
