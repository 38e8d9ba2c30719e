package dev.autodeploy.servlet;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.AsyncContract;

final class AsyncOnJettyTest extends AsyncContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return new JettyFront(engine);
  }
}
