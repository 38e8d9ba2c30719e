package dev.autodeploy.proxy.gateway;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Responds to the CORS preflight requests of known origins, before anybody asks for a token. */
final class PreflightStep implements LinkStep {
  private final Set<String> origins;

  PreflightStep(Set<String> origins) {
    this.origins = origins;
  }

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    RequestHead head = call.head();
    return Preflight.isPreflight(head) && Preflight.allowed(head, origins)
        ? LinkResponse.withoutBody(204, Preflight.response(head))
        : null;
  }
}
