package dev.autodeploy.proxy.gateway;

import org.jspecify.annotations.Nullable;

/** Refuses callers who may not use the deployment, whether or not there is one. */
final class AccessStep implements LinkStep {
  private final AccessRules access;

  AccessStep(AccessRules access) {
    this.access = access;
  }

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    if (access.allow(call.request())) {
      return null;
    }
    String name = call.request().deployment();
    return LinkResponse.of(
        CorsRules.isPreflight(call.head()) // which never brings a token: that would be no help
            ? Problems.originNotAllowed(call.head(), name)
            : Problems.notAllowed(name));
  }
}
