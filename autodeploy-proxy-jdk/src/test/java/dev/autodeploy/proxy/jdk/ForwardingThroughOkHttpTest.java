package dev.autodeploy.proxy.jdk;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.ForwardingContract;

final class ForwardingThroughOkHttpTest extends ForwardingContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return JdkLink.front(engine).okHttpOnly(true);
  }

  /** OkHttp keeps them for the next response, and tells nobody. */
  @Override
  protected boolean noticesMore() {
    return false;
  }
}
