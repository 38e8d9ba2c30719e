package dev.autodeploy.internal.engine;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.deployment.BusyDeployments;
import dev.autodeploy.internal.deployment.DeploymentController;
import dev.autodeploy.internal.deployment.Rooms;
import dev.autodeploy.internal.deployment.UnknownInstances;
import dev.autodeploy.internal.runtime.EngineServices;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/** Makes the controllers of an engine's deployments. */
final class DeploymentFactory {
  private final EngineServices services;
  private final UnknownInstances unknown;
  private final Rooms rooms;
  private final BusyDeployments busy;
  private final RandomGenerator random;
  private final AtomicLong made = new AtomicLong();

  DeploymentFactory(
      EngineServices services,
      UnknownInstances unknown,
      Rooms rooms,
      BusyDeployments busy,
      RandomGenerator random) {
    this.services = services;
    this.unknown = unknown;
    this.rooms = rooms;
    this.busy = busy;
    this.random = random;
  }

  /** Makes a deployment without instances, with the use that earlier processes made of its name. */
  DeploymentController make(DeploymentSpec spec, Instant createdAt) {
    OwnRandom own = new OwnRandom(spec.name(), random.nextLong());
    DeploymentController controller =
        new DeploymentController(
            services, spec, made.incrementAndGet(), createdAt, own, own, unknown, rooms, busy);
    controller.accounts().addEarlier();
    controller.restoreLearned();
    return controller;
  }
}
