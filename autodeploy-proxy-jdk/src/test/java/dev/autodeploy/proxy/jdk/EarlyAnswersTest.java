package dev.autodeploy.proxy.jdk;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.EarlyAnswersContract;

final class EarlyAnswersTest extends EarlyAnswersContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return JdkLink.front(engine);
  }

  @Override
  protected boolean answersExpectationItself() {
    return false;
  }
}
