package dev.autodeploy.proxy.gateway;

import dev.autodeploy.Lease;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** The connection pools: one for each instance, dropped with it. Thread-safe. */
final class Upstreams {
  private final Map<String, Upstream> byInstance = new ConcurrentHashMap<>();
  private final Function<URI, Upstream> factory;

  /**
   * Creates the pools.
   *
   * @param factory makes the pool for an instance's address
   */
  Upstreams(Function<URI, Upstream> factory) {
    this.factory = factory;
  }

  /** Returns the connections to the instance of a lease. */
  Upstream of(Lease lease) {
    Upstream known = byInstance.get(lease.instanceId());
    return known != null
        ? known
        : byInstance.computeIfAbsent(lease.instanceId(), id -> factory.apply(lease.endpoint()));
  }

  /** Closes the connections to an instance that is gone. */
  void drop(String instanceId) {
    Upstream gone = byInstance.remove(instanceId);
    if (gone != null) {
      gone.close();
    }
  }

  /** Closes connections that have been idle for too long. */
  void evictIdle() {
    byInstance.values().forEach(Upstream::evictIdle);
  }

  /** Returns how many instances there are pools for. */
  int size() {
    return byInstance.size();
  }

  /** Closes all idle connections. */
  void close() {
    byInstance.keySet().forEach(this::drop);
  }
}
