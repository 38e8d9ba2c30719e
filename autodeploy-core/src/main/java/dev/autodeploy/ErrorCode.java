package dev.autodeploy;

/** The kind of an {@link AutoDeployException}; stable, for programs to decide by. */
public enum ErrorCode {
  /** No deployment has this name, or it is being removed. */
  DEPLOYMENT_NOT_FOUND,
  /** The queue is full: as many requests wait as the deployment allows. */
  QUEUE_FULL,
  /** The schedule has the deployment closed at this time. */
  NOT_OPEN,
  /** The rest of the deployment's budget covers no start, or no use. */
  BUDGET_EXHAUSTED,
  /** No lease could be had before the caller's deadline. */
  ACQUIRE_TIMEOUT,
  /** The instance could not be started, or starts are backing off after that. */
  START_FAILED,
  /** The instance that a route rule asks for does not exist (code 1006 on the link). */
  ROUTE_TARGET_NOT_FOUND,
  /** One more instance was asked for at the deployment's maximum (code 1007 on the link). */
  REPLICA_QUOTA_EXCEEDED,
  /** The deployment was released by force while the caller waited. */
  RELEASED,
  /** The engine is closing or closed. */
  CLOSED,
  /** The provider, or what it stands on, failed. */
  PROVIDER_FAILED,
  /** Another engine uses the same owner on this provider, or the same state directory. */
  OWNER_IN_USE,
  /** This replica does not lead, and another one does. */
  NOT_LEADING,
  /** The stored state is damaged, or cannot be read or written. */
  STATE_FAILED
}
