package dev.autodeploy.internal.cluster;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;

/** A runtime of which a test needs only a part. */
final class PartialRuntime {
  private PartialRuntime() {}

  static ReplicaRuntime of(InvocationHandler part) {
    return (ReplicaRuntime)
        Proxy.newProxyInstance(
            ReplicaRuntime.class.getClassLoader(), new Class<?>[] {ReplicaRuntime.class}, part);
  }
}
