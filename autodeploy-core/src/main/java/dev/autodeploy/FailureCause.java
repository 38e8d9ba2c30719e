package dev.autodeploy;

import java.util.Locale;

/**
 * The causes of failed starts that are recognised by what the instance, its probe or its provider
 * said. Each has a section of that name in {@code docs/troubleshooting.md}.
 */
public enum FailureCause {
  /** The service listens on the loopback address of its container, where nothing reaches it. */
  LOOPBACK_ONLY,
  /** The service listens on another port than the deployment's. */
  OTHER_PORT,
  /** Nothing listens on the deployment's port yet. */
  NOTHING_LISTENS,
  /** The probe's path needs a login. */
  PROBE_REFUSED,
  /** There is nothing at the probe's path. */
  PROBE_NOT_FOUND,
  /** The probe's path redirects to another address. */
  PROBE_REDIRECTED,
  /** The service says that it is still loading. */
  STILL_LOADING,
  /** The model wants a token, or its terms accepted. */
  GATED_MODEL,
  /** The disk is full. */
  DISK_FULL,
  /** The memory was not enough. */
  OUT_OF_MEMORY,
  /** The memory of the GPU was not enough. */
  GPU_OUT_OF_MEMORY,
  /** The service finds no GPU that it can use. */
  GPU_MISSING,
  /** The program is made for another processor. */
  WRONG_PROCESSOR,
  /** The image has no shell. */
  NO_SHELL,
  /** The command does not exist. */
  COMMAND_NOT_FOUND,
  /** The command may not be executed. */
  COMMAND_NOT_EXECUTABLE,
  /** The command ended without an error, as where the service puts itself into the background. */
  ENDED_WITHOUT_ERROR,
  /** The image wants to be process 1. */
  PROCESS_1,
  /** Another process has the port. */
  PORT_TAKEN,
  /** The instance lacks a right. */
  MISSING_RIGHT,
  /** A package of a program is missing. */
  MODULE_MISSING,
  /** The instance was killed from outside. */
  KILLED;

  /**
   * Returns the cause as links, the page and the documentation write it.
   *
   * @return such as {@code loopback-only}
   */
  public String slug() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
