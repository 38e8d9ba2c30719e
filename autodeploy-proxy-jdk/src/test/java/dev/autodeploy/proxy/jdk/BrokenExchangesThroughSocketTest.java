package dev.autodeploy.proxy.jdk;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.BrokenExchangesContract;

final class BrokenExchangesThroughSocketTest extends BrokenExchangesContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return JdkLink.front(engine).okHttpOnly(false);
  }
}
