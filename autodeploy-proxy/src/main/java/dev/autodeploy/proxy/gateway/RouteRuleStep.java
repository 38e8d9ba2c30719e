package dev.autodeploy.proxy.gateway;

import dev.autodeploy.RouteRule;
import org.jspecify.annotations.Nullable;

/** Reads the rule that chooses an instance. */
final class RouteRuleStep implements LinkStep {
  private final StickyRules sticky;

  RouteRuleStep(StickyRules sticky) {
    this.sticky = sticky;
  }

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    RouteRule rule = Route.rule(call.head().headers());
    if (rule == null) {
      return LinkResponse.of(Problems.noSuchRouteTarget(call.deployment().name()));
    }
    boolean mayStart = rule instanceof RouteRule.Default || rule instanceof RouteRule.ScaleOut;
    call.rule(mayStart && !call.use().wakes() ? RouteRule.running() : rule);
    StickyRules.Caller caller = sticky.caller(call);
    if (caller != null) {
      call.caller(caller);
    }
    return null;
  }
}
