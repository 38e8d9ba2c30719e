package dev.autodeploy.servlet;

import dev.autodeploy.proxy.gateway.Problem;
import dev.autodeploy.proxy.gateway.Problems;
import jakarta.servlet.http.HttpServletRequest;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/**
 * The rule about who may use links that have no access rule: callers of this machine, and those
 * whom the application has signed in. A container listens on all addresses by default, and a link
 * starts what costs money.
 */
final class AccessWithoutRule {
  private final boolean hasRule;

  /**
   * Creates the rule.
   *
   * @param hasRule whether there is an access rule, which then decides alone
   */
  AccessWithoutRule(boolean hasRule) {
    this.hasRule = hasRule;
  }

  boolean allows(HttpServletRequest request) {
    return hasRule || request.getUserPrincipal() != null || isLoopback(request.getLocalAddr());
  }

  Problem problem() {
    return Problems.onlyThisMachine();
  }

  /** The address that the connection came in at, which no header can change. */
  private static boolean isLoopback(@Nullable String local) {
    try {
      return local != null
          && (local.indexOf(':') >= 0 || local.matches("[0-9.]+"))
          && InetAddress.getByName(local).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }
}
