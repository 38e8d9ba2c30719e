package dev.autodeploy.internal.engine;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.internal.deployment.DeploymentController;
import dev.autodeploy.internal.ledger.OpenEntry;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.spi.ProviderInstance;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Releases instances of this owner that belong to no deployment, as instances of a deployment that
 * was removed: so the release is verified, the account closed, and a deployment of that name made
 * later waits for it.
 */
final class OrphanReleaser {
  private static final Logger LOG = LoggerFactory.getLogger(OrphanReleaser.class);

  private final EngineServices services;
  private final EngineLifecycle lifecycle;
  private final DeploymentRegistry registry;
  private final UnclaimedInstances unclaimed;
  private final DeploymentFactory factory;

  OrphanReleaser(
      EngineServices services,
      EngineLifecycle lifecycle,
      DeploymentRegistry registry,
      UnclaimedInstances unclaimed,
      DeploymentFactory factory) {
    this.services = services;
    this.lifecycle = lifecycle;
    this.registry = registry;
    this.unclaimed = unclaimed;
    this.factory = factory;
  }

  /** Releases one. Called under the engine's lock. */
  void release(ProviderInstance orphan) {
    LOG.warn(
        "{}: instance '{}' belongs to no deployment and is released{}",
        orphan.deployment(),
        orphan.instanceId(),
        orphan.epoch() == 0 ? "" : "; it was started in epoch " + orphan.epoch());
    DeploymentController declared = registry.find(orphan.deployment());
    GpuRequest gpu = declared == null ? GpuRequest.none() : declared.spec().gpu();
    OpenEntry account = unclaimed.account(orphan, gpu);
    for (DeploymentController holder : registry.named(orphan.deployment())) {
      if (holder.reap(orphan, account)) {
        return;
      }
    }
    DeploymentSpec undeclared = DeploymentSpec.builder(orphan.deployment()).port(0).build();
    DeploymentController made = factory.make(undeclared, services.clock().instant());
    registry.addUndeclared(made);
    made.reap(orphan, account);
    made.remove().thenRun(() -> registry.removeUndeclared(made));
  }

  /**
   * Releases the instances of a list that nobody has meanwhile, and that nobody may still claim.
   */
  void releaseUnknown(List<ProviderInstance> found) {
    services
        .lock()
        .locked(
            () -> {
              for (ProviderInstance instance : found) {
                if (!lifecycle.isClosing()
                    && registry.holder(instance.instanceId()) == null
                    && !unclaimed.isClaimable(instance)) {
                  release(instance);
                }
              }
            });
  }

  /**
   * Releases an instance that came up after its release.
   *
   * @return whether it does: not while the engine is being closed
   */
  boolean releaseLate(ProviderInstance late) {
    return services
        .lock()
        .locked(
            () -> {
              if (lifecycle.isClosing()) {
                return false;
              }
              if (registry.holder(late.instanceId()) == null) {
                release(late);
              }
              return true;
            });
  }
}
