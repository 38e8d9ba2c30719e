package dev.autodeploy.console;

import dev.autodeploy.internal.net.CallerNetwork;
import org.jspecify.annotations.Nullable;

/**
 * The sender of a request that passed the guard.
 *
 * @param user the user's name, empty where nobody signs in
 * @param address the address that the request came from
 * @param role the rights of the user
 * @param session the key of the session, or null where there are no sessions
 */
record Caller(String user, String address, ConsoleRole role, @Nullable String session) {

  /** Returns the name under which this caller's event streams are counted. */
  String client() {
    return user.isEmpty() ? CallerNetwork.ofLiteral(address) : user;
  }

  boolean mayAct() {
    return role == ConsoleRole.ACT;
  }
}
