package dev.autodeploy.servlet;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.ForwardingContract;

final class ForwardingOnTomcatTest extends ForwardingContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return new TomcatFront(engine);
  }
}
