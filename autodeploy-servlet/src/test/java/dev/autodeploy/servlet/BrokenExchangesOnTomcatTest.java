package dev.autodeploy.servlet;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.BrokenExchangesContract;

final class BrokenExchangesOnTomcatTest extends BrokenExchangesContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return new TomcatFront(engine);
  }
}
