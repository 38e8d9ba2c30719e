package dev.autodeploy.applications;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.jdk.JdkHttpProxy;
import dev.autodeploy.proxy.netty.NettyHttpProxy;

/** The fronts that links are served by. */
enum FrontKind {
  JDK,
  NETTY;

  LinkBuilder<?> of(AutoDeploy engine) {
    return this == JDK ? JdkHttpProxy.builder(engine) : NettyHttpProxy.builder(engine);
  }
}
