package dev.autodeploy;

/** The route rules without parameters, made once. */
final class RouteRules {
  static final RouteRule DEFAULT = new RouteRule.Default();
  static final RouteRule SCALE_OUT = new RouteRule.ScaleOut();
  static final RouteRule RANDOM = new RouteRule.Random();
  static final RouteRule ROUND_ROBIN = new RouteRule.RoundRobin();

  private RouteRules() {}
}
