package dev.autodeploy.proxy.jdk;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.SlowBodiesContract;

/** As on a Java without virtual threads. */
final class SlowBodiesOnPlatformThreadsTest extends SlowBodiesContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return JdkLink.front(engine).platformThreads(8);
  }
}
