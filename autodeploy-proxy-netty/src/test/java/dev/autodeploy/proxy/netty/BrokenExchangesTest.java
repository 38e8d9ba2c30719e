package dev.autodeploy.proxy.netty;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.BrokenExchangesContract;

final class BrokenExchangesTest extends BrokenExchangesContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return NettyFront.of(engine);
  }
}
