package dev.autodeploy.servlet;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.SlowBodiesContract;

final class SlowBodiesOnJettyTest extends SlowBodiesContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return new JettyFront(engine);
  }
}
