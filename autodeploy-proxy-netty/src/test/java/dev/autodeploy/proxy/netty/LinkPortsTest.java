package dev.autodeploy.proxy.netty;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.LinkPortsContract;

final class LinkPortsTest extends LinkPortsContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return NettyFront.of(engine);
  }
}
