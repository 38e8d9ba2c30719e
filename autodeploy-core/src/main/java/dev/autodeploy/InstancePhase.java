package dev.autodeploy;

/** The phase of one instance. It moves forward only: a released instance never comes back. */
public enum InstancePhase {
  /** Requested from the provider and not ready yet. */
  STARTING,
  /** Ready: it takes leases. */
  READY,
  /** Takes no new lease and is released when its open leases are closed. */
  DRAINING,
  /** Handed to the provider for release, and not yet verified gone. */
  RELEASING
}
