package dev.autodeploy.servlet;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.HeldRequestsContract;

final class HeldRequestsOnTomcatTest extends HeldRequestsContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return new TomcatFront(engine);
  }
}
