package dev.autodeploy.servlet;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.SitesContract;

final class SitesOnJettyTest extends SitesContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return new JettyFront(engine);
  }

  @Override
  protected boolean hasDedicatedPorts() {
    return false;
  }
}
