package dev.autodeploy.console;

/** The rights of a user of the page. */
public enum ConsoleRole {
  /** May see everything that the page shows, and change nothing. */
  READ,

  /**
   * May also create, change, start, release and delete deployments, and read the audit log, if the
   * console has {@link Console.Builder#actions} switched on.
   */
  ACT
}
