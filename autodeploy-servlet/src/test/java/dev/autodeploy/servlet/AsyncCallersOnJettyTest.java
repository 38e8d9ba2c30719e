package dev.autodeploy.servlet;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.AsyncCallersContract;

final class AsyncCallersOnJettyTest extends AsyncCallersContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return new JettyFront(engine);
  }
}
