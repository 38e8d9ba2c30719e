package dev.autodeploy.proxy.gateway;

import org.jspecify.annotations.Nullable;

/** Finds the deployment's name in port, host or path; what has none must be the status. */
final class RouteStep implements LinkStep {
  private final Router router;

  RouteStep(Router router) {
    this.router = router;
  }

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    Route route = router.route(call.head(), call.dedicated());
    if (route != null) {
      call.route(route);
      return null;
    }
    return call.head().path().equals(Gateway.STATUS_PATH)
        ? null
        : LinkResponse.of(Problems.notFound(call.head().path()));
  }
}
