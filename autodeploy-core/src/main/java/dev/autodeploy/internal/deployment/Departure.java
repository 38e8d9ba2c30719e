package dev.autodeploy.internal.deployment;

import dev.autodeploy.internal.runtime.EngineServices;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The way of one deployment out of an engine whose instances another replica takes over: callers
 * that wait are rejected, and instances go on as they are, with the leases of them.
 */
public final class Departure {
  /** The time that the provider may take to detach an instance. */
  private static final Duration DETACH_LIMIT = Duration.ofSeconds(10);

  private static final Duration NEVER = Duration.ofDays(3650);

  private final EngineServices services;
  private final DeploymentController controller;
  private final EffectRunner effects;

  Departure(EngineServices services, DeploymentController controller, EffectRunner effects) {
    this.services = services;
    this.controller = controller;
    this.effects = effects;
  }

  /** Begins it; each future completes when an instance may outlive this process. */
  public List<CompletableFuture<Void>> begin() {
    effects.handler().leave();
    controller.close(NEVER, true); // of its effects only the rejections are carried out
    return controller.instanceIds().stream().map(this::detach).toList();
  }

  private CompletableFuture<Void> detach(String instanceId) {
    return services
        .calls()
        .call(DETACH_LIMIT, () -> services.provider().detach(instanceId))
        .exceptionally(error -> null); // whoever leads next finds what became of it
  }

  /** Writes how far the instances were used, for whoever leads next. */
  public void writeUse() {
    controller.checkpointAll();
  }
}
