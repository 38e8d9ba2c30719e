package dev.autodeploy.proxy.gateway;

/** The phases of a proxied request; a replay goes back to the first. */
enum Phase {
  /** Waits for a lease. */
  HELD,
  /** The instance has it, and has not begun to respond. */
  FORWARDED,
  /** The response goes to the client. */
  RESPONDING,
  DONE
}
