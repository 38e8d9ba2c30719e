package dev.autodeploy.internal.deployment;

/** The deployments that need maintenance; the others cost nothing. */
public interface BusyDeployments {

  /** Notes whether a deployment needs maintenance. Called under its lock. */
  void busy(DeploymentController controller, boolean isBusy);
}
