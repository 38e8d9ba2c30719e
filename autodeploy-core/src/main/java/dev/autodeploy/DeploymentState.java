package dev.autodeploy;

/** The state of a deployment as a whole, in the three words that its users see. */
public enum DeploymentState {
  /** Configured, and no instance exists. */
  STANDBY,
  /**
   * No instance is ready, and at least one is asleep or being started, woken or released. This is
   * about the deployment; an idle <em>instance</em> is a ready one without requests, and its
   * deployment is {@link #RUNNING}.
   */
  IDLE,
  /** At least one instance is ready: it serves requests or waits for the next one. */
  RUNNING
}
