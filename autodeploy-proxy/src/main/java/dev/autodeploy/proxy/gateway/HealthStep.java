package dev.autodeploy.proxy.gateway;

import org.jspecify.annotations.Nullable;

/**
 * Responds at an address for load balancers, which needs no token and tells nothing but that the
 * link serves: while it drains, an earlier step refuses.
 */
final class HealthStep implements LinkStep {
  private final Router router;

  HealthStep(Router router) {
    this.router = router;
  }

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    RequestHead head = call.head();
    boolean asked =
        head.path().equals(Gateway.HEALTH_PATH)
            && router.route(head, call.dedicated()) == null
            && (head.method().equals("GET") || head.method().equals("HEAD"));
    return asked
        ? LinkResponse.text(
            200,
            new HttpHeaders().add("Cache-Control", "no-store"),
            "text/plain; charset=utf-8",
            "ok\n")
        : null;
  }
}
