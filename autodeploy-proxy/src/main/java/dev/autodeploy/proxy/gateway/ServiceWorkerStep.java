package dev.autodeploy.proxy.gateway;

import org.jspecify.annotations.Nullable;

/**
 * Refuses to be the script of a service worker above the deployment's own path: a script at {@code
 * /d/voice} could control the pages of every deployment below {@code /d/}.
 */
final class ServiceWorkerStep implements LinkStep {
  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    RequestHead head = call.head();
    boolean above =
        call.routed()
            && head.headers().first("Service-Worker") != null
            && head.path().equals(call.route().prefix());
    return above ? LinkResponse.of(Problems.serviceWorkerScope(call.route().deployment())) : null;
  }
}
