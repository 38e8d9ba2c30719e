package dev.autodeploy;

/**
 * The phase of one instance. It moves forward only, but for instances that sleep: those are ready
 * again when they are woken. A released instance never comes back.
 */
public enum InstancePhase {
  /** Requested from the provider and not ready yet. */
  STARTING,
  /** Ready: it takes leases. */
  READY,
  /** Takes no new lease and is put to sleep when its open leases are closed. */
  FALLING_ASLEEP,
  /** Asleep: it has freed its GPUs and keeps what it had loaded: the next request wakes it. */
  ASLEEP,
  /** Is being woken. */
  WAKING,
  /** Takes no new lease and is released when its open leases are closed. */
  DRAINING,
  /** Handed to the provider for release, and not yet verified gone. */
  RELEASING
}
