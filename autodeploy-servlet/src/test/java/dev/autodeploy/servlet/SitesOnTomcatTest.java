package dev.autodeploy.servlet;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.SitesContract;

final class SitesOnTomcatTest extends SitesContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return new TomcatFront(engine);
  }

  @Override
  protected boolean hasDedicatedPorts() {
    return false;
  }
}
