package dev.autodeploy.internal.deployment;

import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.internal.runtime.EngineServices;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Has one instance released by the provider and verifies by its list that it is gone. A provider
 * that only says so is not believed. Decides nothing.
 */
final class InstanceReleaser {
  /** How long a release may take beyond the grace period until it is tried again. */
  private static final Duration ANSWER_LIMIT = Duration.ofMinutes(1);

  private final EngineServices context;
  private final DeploymentController controller;

  InstanceReleaser(EngineServices context, DeploymentController controller) {
    this.context = context;
    this.controller = controller;
  }

  void release(Instance instance, Duration grace) {
    if (instance.startCall.compareAndSet(Instance.StartCall.DUE, Instance.StartCall.SKIPPED)) {
      controller.released(instance);
      return;
    }
    CompletableFuture<Boolean> gone;
    try {
      gone =
          context.call(
              grace.plus(ANSWER_LIMIT),
              () ->
                  context
                      .call(() -> context.provider().release(instance.id, grace))
                      .thenCompose(done -> verifyGone(instance)));
    } catch (RuntimeException e) {
      controller.releaseFailed(instance, EngineServices.describe(e));
      return;
    }
    gone.whenComplete(
        (verified, error) -> {
          if (error != null) {
            controller.releaseFailed(instance, EngineServices.describe(error));
          } else if (verified) {
            controller.released(instance);
          } else {
            controller.releaseFailed(
                instance, context.provider().name() + " reported it released, but still lists it");
          }
        });
  }

  private CompletableFuture<Boolean> verifyGone(Instance instance) {
    return context
        .call(() -> context.provider().list(context.owner()))
        .thenApply(
            listed -> {
              controller.listed(listed);
              return listed.stream().noneMatch(it -> it.instanceId().equals(instance.id));
            });
  }
}
