package dev.autodeploy.proxy.netty;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.HeldRequestsContract;

final class HeldRequestsTest extends HeldRequestsContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return NettyFront.of(engine);
  }
}
