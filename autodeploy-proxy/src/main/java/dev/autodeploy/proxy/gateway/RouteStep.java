package dev.autodeploy.proxy.gateway;

import org.jspecify.annotations.Nullable;

/**
 * Finds the deployment's name in port, host or path; what has none must be the status, a ticket, or
 * a request whose model chooses the deployment.
 */
final class RouteStep implements LinkStep {
  private final Router router;
  private final @Nullable ModelStep models;

  RouteStep(Router router, @Nullable ModelStep models) {
    this.router = router;
    this.models = models;
  }

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    Route route = router.route(call.head(), call.dedicated());
    if (route != null) {
      call.route(route);
      return null;
    }
    if (models != null && models.serves(call.head().path())) {
      call.askForModel();
      return null;
    }
    if (call.head().path().startsWith(TicketDesk.PATH)) {
      return null;
    }
    return call.head().path().equals(Gateway.STATUS_PATH)
        ? null
        : LinkResponse.of(Problems.notFound(call.head().path()));
  }
}
