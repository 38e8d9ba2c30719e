package dev.autodeploy.reliability;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.jdk.JdkHttpProxy;
import dev.autodeploy.proxy.netty.NettyHttpProxy;

/** The front that links are served by: the one that {@code faults.front} names. */
public enum Front {
  JDK,
  NETTY;

  /** The front of this run. */
  public static Front chosen() {
    String name = System.getProperty("faults.front", "jdk");
    for (Front front : values()) {
      if (front.toString().equals(name)) {
        return front;
      }
    }
    throw new IllegalArgumentException("faults.front is '" + name + "'; there are jdk and netty");
  }

  /** Returns a builder of links to this engine's deployments. */
  public LinkBuilder<?> of(AutoDeploy engine) {
    return this == JDK ? JdkHttpProxy.builder(engine) : NettyHttpProxy.builder(engine);
  }

  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
