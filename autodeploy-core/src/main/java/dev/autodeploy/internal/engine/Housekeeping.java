package dev.autodeploy.internal.engine;

import dev.autodeploy.internal.deployment.DeploymentController;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.spi.ResourceKeeper;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the provider to look after what the deployments need, if it does such things. */
final class Housekeeping {
  private static final Logger LOG = LoggerFactory.getLogger(Housekeeping.class);

  private final EngineServices services;
  private final EngineLifecycle lifecycle;
  private final DeploymentRegistry registry;
  private final boolean lasting;
  private final @Nullable ResourceKeeper keeper;
  private final AtomicBoolean asked = new AtomicBoolean();

  /** True while the provider looks; another look, if there is to be one, follows that one. */
  private final AtomicBoolean looking = new AtomicBoolean();

  /**
   * Makes it.
   *
   * @param lasting whether the deployments outlive the engine
   */
  Housekeeping(
      EngineServices services,
      EngineLifecycle lifecycle,
      DeploymentRegistry registry,
      boolean lasting) {
    this.services = services;
    this.lifecycle = lifecycle;
    this.registry = registry;
    this.lasting = lasting;
    this.keeper = services.provider() instanceof ResourceKeeper found ? found : null;
  }

  /** Asks it to look soon; many changes at once are one look. */
  void changed() {
    if (keeper != null && asked.compareAndSet(false, true)) {
      try {
        services.providerExecutor().execute(this::keep);
      } catch (RejectedExecutionException e) {
        asked.set(false);
        LOG.debug("The engine is closed");
      }
    }
  }

  private void keep() {
    if (keeper == null || services.lock().locked(lifecycle::isClosing)) {
      asked.set(false);
      return;
    }
    if (!looking.compareAndSet(false, true)) {
      return; // asked for, and begun when the one under way returns
    }
    asked.set(false);
    try {
      look(keeper);
    } finally {
      looking.set(false);
      if (asked.getAndSet(false)) {
        changed();
      }
    }
  }

  private void look(ResourceKeeper keeper) {
    List<DeploymentController> declared = registry.declared();
    try {
      keeper
          .keep(declared.stream().map(DeploymentController::spec).toList(), lasting)
          .whenComplete(
              (done, failure) -> {
                if (failure != null) {
                  failed(failure);
                }
              });
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  private static void failed(Throwable failure) {
    LOG.debug("The provider could not look after what the deployments need", failure);
  }
}
