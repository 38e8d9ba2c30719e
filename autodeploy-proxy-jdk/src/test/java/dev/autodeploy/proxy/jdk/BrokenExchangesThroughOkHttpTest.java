package dev.autodeploy.proxy.jdk;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;

final class BrokenExchangesThroughOkHttpTest extends BlockingBrokenExchanges {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return JdkLink.front(engine).okHttpOnly(true);
  }
}
