package dev.autodeploy.proxy.netty;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.SitesContract;

final class SitesTest extends SitesContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return NettyFront.of(engine);
  }
}
