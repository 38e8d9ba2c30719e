package dev.autodeploy.internal.decision;

/** The ways in which a caller that waited got its instance. */
public enum Arrival {
  /** The instance was ready, and others were before it. */
  READY,
  /** The instance was started meanwhile. */
  STARTED,
  /** The instance was woken meanwhile. */
  WOKEN
}
