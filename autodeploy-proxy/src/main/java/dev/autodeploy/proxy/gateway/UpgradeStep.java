package dev.autodeploy.proxy.gateway;

import org.jspecify.annotations.Nullable;

/** Refuses a WebSocket where the front's server cannot switch protocols. */
final class UpgradeStep implements LinkStep {
  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    boolean asked = call.head().headers().tokens("Upgrade").contains("websocket");
    return asked && !call.switchesProtocols()
        ? LinkResponse.of(Problems.upgradeNotSupported(call.deployment().name()))
        : null;
  }
}
