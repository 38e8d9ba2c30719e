package dev.autodeploy.servlet;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.HeldRequestsContract;

final class HeldRequestsOnJettyTest extends HeldRequestsContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return new JettyFront(engine);
  }
}
