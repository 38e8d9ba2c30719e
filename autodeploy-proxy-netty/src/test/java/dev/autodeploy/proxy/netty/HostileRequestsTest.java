package dev.autodeploy.proxy.netty;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.HostileRequestsContract;

final class HostileRequestsTest extends HostileRequestsContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return NettyFront.of(engine);
  }

  @Override
  protected boolean speaksHttp2() {
    return true;
  }
}
