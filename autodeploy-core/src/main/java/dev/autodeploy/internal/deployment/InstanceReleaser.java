package dev.autodeploy.internal.deployment;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.internal.decision.Effect;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.runtime.OverdueCalls;
import dev.autodeploy.internal.util.Errors;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Releases one instance through the provider, and verifies by its list that the instance is gone: a
 * provider that only says so is not believed. Decides nothing.
 */
final class InstanceReleaser {
  private static final Logger LOG = LoggerFactory.getLogger(InstanceReleaser.class);

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
    running.giveUpStart();
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
                          .call(() -> order(running, grace))
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

  /** Orders the release, unless so many orders are on their way that one more will not help. */
  private CompletionStage<Void> order(RunningInstance running, Duration grace) {
    OverdueCalls.Call call;
    try {
      call = services.calls().overdue().begin("release " + running.id());
    } catch (AutoDeployException e) {
      LOG.warn("{}: {}", reports.deployment(), e.getMessage());
      return CompletableFuture.completedFuture(null); // the list tells whether it is gone
    }
    try {
      return services.provider().release(running.id(), grace);
    } finally {
      call.returned();
    }
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
