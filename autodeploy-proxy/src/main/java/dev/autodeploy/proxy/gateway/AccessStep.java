package dev.autodeploy.proxy.gateway;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Refuses callers who may not use the deployment, whether or not there is one. */
final class AccessStep implements LinkStep {
  private final AccessRules access;

  AccessStep(AccessRules access) {
    this.access = access;
  }

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    List<String> tokens = access.presented(call.head());
    if (access.allow(call.request(), tokens)) {
      call.tokenId(access.tokenId(call.request().deployment(), tokens));
      return null;
    }
    String name = call.request().deployment();
    return LinkResponse.of(
        CorsRules.isPreflight(call.head()) // which never brings a token: that would be no help
            ? Problems.originNotAllowed(call.head(), name)
            : Problems.notAllowed(name));
  }
}
