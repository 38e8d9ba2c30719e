package dev.autodeploy.internal.deployment;

/** The deployments that have anything to look after; the others cost nothing. */
public interface BusyDeployments {

  /** Notes whether a deployment has anything to look after. Called under its lock. */
  void busy(DeploymentController controller, boolean isBusy);
}
