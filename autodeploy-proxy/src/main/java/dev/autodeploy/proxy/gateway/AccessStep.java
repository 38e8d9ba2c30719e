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
    return access.allow(call.request())
        ? null
        : LinkResponse.of(Problems.notAllowed(call.request().deployment()));
  }
}
