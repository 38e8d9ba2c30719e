package dev.autodeploy.proxy.jdk;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;

final class BrokenExchangesThroughSocketTest extends BlockingBrokenExchanges {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return JdkLink.front(engine).okHttpOnly(false);
  }
}
