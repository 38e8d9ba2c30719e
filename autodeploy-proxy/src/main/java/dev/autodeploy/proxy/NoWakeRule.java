package dev.autodeploy.proxy;

import java.util.Set;

/**
 * Tells which requests are answered from the deployment's status: they never start an instance and
 * never keep one from being released. Thread-safe.
 */
@FunctionalInterface
public interface NoWakeRule {

  /**
   * Decides about a request.
   *
   * @param request the request
   * @return whether it is to be answered from the status
   */
  boolean matches(LinkRequest request);

  /**
   * Returns the rule for certain paths, as for a monitor's health check.
   *
   * @param paths the paths below the link, such as {@code /health}, exactly as they are requested
   * @return the rule
   */
  static NoWakeRule paths(String... paths) {
    Set<String> all = Set.of(paths);
    return request -> all.contains(request.path());
  }

  /**
   * Returns the rule for certain methods.
   *
   * @param methods the methods, in capitals
   * @return the rule
   */
  static NoWakeRule methods(String... methods) {
    Set<String> all = Set.of(methods);
    return request -> all.contains(request.method());
  }

  /**
   * Returns the rule for clients by what they call themselves, such as {@code
   * "(?i)bot|crawler|uptime"}.
   *
   * @param regex matches some part of the {@code User-Agent}; a search that takes too many steps,
   *     as of {@code (a+)+b}, counts as none
   * @return the rule
   * @throws IllegalArgumentException if the expression is not valid, or repeats a group too often
   */
  static NoWakeRule userAgents(String regex) {
    return new UserAgentRule(regex);
  }
}
