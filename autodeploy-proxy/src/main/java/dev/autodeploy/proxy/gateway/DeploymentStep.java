package dev.autodeploy.proxy.gateway;

import dev.autodeploy.Deployment;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds the deployment. */
final class DeploymentStep implements LinkStep {
  private final Deployments deployments;

  DeploymentStep(Deployments deployments) {
    this.deployments = deployments;
  }

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    String name = call.route().deployment();
    Optional<Deployment> found = deployments.find(name);
    found.ifPresent(call::deployment);
    return found.isPresent() ? null : LinkResponse.of(Problems.deploymentNotFound(name));
  }
}
