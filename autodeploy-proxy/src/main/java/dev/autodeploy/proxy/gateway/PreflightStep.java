package dev.autodeploy.proxy.gateway;

import org.jspecify.annotations.Nullable;

/**
 * Responds to the CORS preflight requests of links that have a policy, before anybody asks for a
 * token; browsers send none with them.
 */
final class PreflightStep implements LinkStep {
  private final CorsRules cors;

  PreflightStep(CorsRules cors) {
    this.cors = cors;
  }

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    RequestHead head = call.head();
    String name = call.deploymentName();
    if (!CorsRules.isPreflight(head) || !cors.covers(name)) {
      return null;
    }
    return cors.allows(head, name)
        ? cors.answer(head, name)
        : LinkResponse.of(Problems.originNotAllowed(head, name));
  }
}
