package dev.autodeploy.servlet;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.SlowBodiesContract;

final class SlowBodiesOnTomcatTest extends SlowBodiesContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return new TomcatFront(engine);
  }
}
