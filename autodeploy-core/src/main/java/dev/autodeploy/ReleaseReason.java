package dev.autodeploy;

/** The reason for which an instance is released. */
public enum ReleaseReason {
  /** Nothing was in flight for the idle timeout. */
  IDLE,
  /** The start failed or took longer than the start timeout. */
  START_FAILED,
  /** The instance ended by itself. */
  EXITED,
  /** The deployment's specification changed, or its maximum was lowered. */
  UPDATED,
  /** The host application asked for it. */
  REQUESTED,
  /** The deployment was removed. */
  REMOVED,
  /** The engine is being closed. */
  CLOSED,
  /** An earlier process left it behind and it fits no deployment. */
  ORPHANED,
  /** Another deployment that waits gets its room. */
  MADE_ROOM,
  /** The provider had no room for it, so it never ran. */
  NO_ROOM,
  /** The liveness probe failed too often in a row. */
  UNHEALTHY,
  /** A request of it took longer than {@code maxRequestTime}. */
  HUNG,
  /** A failed order: it refused to sleep, or did not wake in time. */
  SLEEP_FAILED,
  /** A GPU of it was lost. */
  GPU_LOST,
  /** An age above {@code maxLifetime}. */
  TOO_OLD,
  /** The deployment's budget is spent. */
  BUDGET
}
