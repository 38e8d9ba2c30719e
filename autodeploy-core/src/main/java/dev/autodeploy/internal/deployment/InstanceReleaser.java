package dev.autodeploy.internal.deployment;

import dev.autodeploy.internal.decision.Effect;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.util.Errors;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Releases one instance through the provider, and verifies by its list that the instance is gone: a
 * provider that only says so is not believed. Decides nothing.
 */
final class InstanceReleaser {
  /** The time that a release may take beyond the grace period before it is repeated. */
  private static final Duration ANSWER_LIMIT = Duration.ofMinutes(1);

  private final EngineServices services;
  private final InstanceReports reports;
  private final UnknownInstances unknown;

  /**
   * Makes one.
   *
   * @param reports takes the outcome
   * @param unknown gets every list, which tells of other instances too
   */
  InstanceReleaser(EngineServices services, InstanceReports reports, UnknownInstances unknown) {
    this.services = services;
    this.reports = reports;
    this.unknown = unknown;
  }

  void release(RunningInstance running, Effect.Release release) {
    if (!release.startAsked()) {
      reports.released(running);
      return;
    }
    Duration grace = release.grace();
    CompletableFuture<Boolean> gone;
    try {
      gone =
          services
              .calls()
              .call(
                  grace.plus(ANSWER_LIMIT),
                  () ->
                      services
                          .calls()
                          .call(() -> services.provider().release(running.id(), grace))
                          .thenCompose(done -> verifyGone(running)));
    } catch (RuntimeException e) {
      reports.releaseFailed(running, Errors.describe(e));
      return;
    }
    gone.whenComplete(
        (verified, error) -> {
          if (error != null) {
            reports.releaseFailed(running, Errors.describe(error));
          } else if (verified) {
            reports.released(running);
          } else {
            reports.releaseFailed(
                running, services.provider().name() + " reported it released, but still lists it");
          }
        });
  }

  private CompletableFuture<Boolean> verifyGone(RunningInstance running) {
    return services
        .calls()
        .list()
        .thenApply(
            listed -> {
              unknown.seen(listed);
              return listed.stream().noneMatch(it -> it.instanceId().equals(running.id()));
            });
  }
}
