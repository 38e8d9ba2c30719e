package dev.autodeploy.proxy.jdk;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.AsyncContract;

final class AsyncTest extends AsyncContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return JdkLink.front(engine);
  }
}
