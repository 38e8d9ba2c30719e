package dev.autodeploy.proxy.gateway;

import dev.autodeploy.RouteRule;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The way of a request.
 *
 * @param deployment the name that the link holds
 * @param prefix what was cut off the path, such as {@code /d/breezyvoice}; empty if nothing was
 * @param target path and query for the instance, byte for byte
 * @param byModel whether the model that the request names chose the deployment
 */
record Route(String deployment, String prefix, String target, boolean byModel) {

  /** Creates the route of a service link. */
  Route(String deployment, String prefix, String target) {
    this(deployment, prefix, target, false);
  }

  /** The request header that chooses an instance. */
  static final String RULE = "Deploy-Route-Rule";

  /** The response header that tells which instance it was. */
  static final String TARGET = "Deploy-Route-Target";

  private static final Pattern INSTANCE = Pattern.compile("[a-z0-9-]{1,80}");

  /** The rule of most requests, which share it. */
  private static final RouteRule DEFAULT = RouteRule.defaultRule();

  /** Returns whether other deployments have links of the same origin. */
  boolean sharesOrigin() {
    return byModel || !prefix.isEmpty();
  }

  /** Returns the path for the instance, without the query. */
  String path() {
    int query = target.indexOf('?');
    return query < 0 ? target : target.substring(0, query);
  }

  /**
   * Reads the rule that a request is sent by.
   *
   * @param fields the request's fields
   * @return the rule; null if it can match no instance
   */
  static @Nullable RouteRule rule(HttpHeaders fields) {
    String rule = fields.first(RULE);
    if (rule == null || rule.isEmpty()) {
      return DEFAULT;
    }
    return switch (rule) {
      case "scale-out" -> RouteRule.scaleOut();
      case "random" -> RouteRule.random();
      case "round-robin" -> RouteRule.roundRobin();
      default -> INSTANCE.matcher(rule).matches() ? RouteRule.instance(rule) : null;
    };
  }
}
