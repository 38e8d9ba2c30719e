package dev.autodeploy.proxy.gateway;

import org.jspecify.annotations.Nullable;

/** Refuses requests for foreign hosts and of pages of other sites, before they wake anything. */
final class SiteStep implements LinkStep {
  private final SiteRules rules;
  private final CorsRules cors;

  SiteStep(SiteRules rules, CorsRules cors) {
    this.rules = rules;
    this.cors = cors;
  }

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    RequestHead head = call.head();
    Problem problem = rules.checkHost(head);
    if (problem == null && !cors.allows(head, call.deploymentName())) {
      problem = rules.checkPage(head);
      if (problem != null && CrossSitePage.wanted(head)) {
        return CrossSitePage.response(head, call.deploymentName());
      }
    }
    return problem == null ? null : LinkResponse.of(problem.about(call.deploymentName()));
  }
}
