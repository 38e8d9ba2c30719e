package dev.autodeploy.proxy.gateway;

import org.jspecify.annotations.Nullable;

/** Refuses what is malformed or ambiguous, and everything once the link is shutting down. */
final class GuardStep implements LinkStep {
  private final ConnectionRules connections;

  GuardStep(ConnectionRules connections) {
    this.connections = connections;
  }

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    Problem problem = RequestGuard.check(call.head());
    if (problem == null && connections.draining()) {
      problem = Problems.shuttingDown(null);
    }
    return problem == null ? null : LinkResponse.of(problem);
  }
}
