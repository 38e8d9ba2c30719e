package dev.autodeploy.testing.simulation;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.RouteRule;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Somebody in a walk who has asked and has not been answered yet. */
final class WalkWaiter {
  final int number;
  final RouteRule route;
  final long askedAt;
  final long deadline;

  /** The number of others that waited when this one asked. */
  final int before;

  /** The specification that was deployed when it asked. */
  final DeploymentSpec spec;

  /** The instance that it found, if it does not take just any; otherwise null. */
  final @Nullable DeploymentStatus seen;

  /** Set right after it asked. */
  CompletableFuture<?> future = new CompletableFuture<>();

  /** True if cancelling the future gives the place up: not so for a start. */
  boolean canGiveUp = true;

  boolean cancelled;

  /** True if the deployment was closed when it asked: then it gets nothing. */
  boolean askedInVain;

  WalkWaiter(
      int number,
      RouteRule route,
      long askedAt,
      long deadline,
      int before,
      DeploymentSpec spec,
      @Nullable DeploymentStatus seen) {
    this.number = number;
    this.route = route;
    this.askedAt = askedAt;
    this.deadline = deadline;
    this.before = before;
    this.spec = spec;
    this.seen = seen;
  }

  /** Returns whether it waits for so long that it has to be served: nobody is in line for ever. */
  boolean isPatient() {
    return deadline - askedAt >= WalkClients.PATIENT.toNanos();
  }

  /** Returns whether any instance would do. */
  boolean takesAny() {
    return route instanceof RouteRule.Default;
  }

  @Override
  public String toString() {
    return "#" + number;
  }
}
