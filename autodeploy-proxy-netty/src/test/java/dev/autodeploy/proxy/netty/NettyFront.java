package dev.autodeploy.proxy.netty;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.contract.TestLink;
import java.time.Duration;

/** The proxy on Netty, with the intervals of tests. */
final class NettyFront {
  private NettyFront() {}

  static NettyHttpProxy.Builder of(AutoDeploy engine) {
    return TestLink.prepared(NettyHttpProxy.builder(engine))
        .intervals(Duration.ofMillis(20), Duration.ofMillis(100));
  }
}
