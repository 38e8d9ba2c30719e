package dev.autodeploy.proxy.netty;

import dev.autodeploy.Lease;
import dev.autodeploy.proxy.gateway.GatewayConfig;
import io.netty.channel.EventLoop;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/**
 * The connections to instances: a pool for each instance on each loop, used on that loop only, so
 * that a request and its response never change threads.
 */
final class InstancePools {
  private final GatewayConfig config;
  private final Executor resolver;
  private final Map<EventLoop, Map<String, InstancePool>> byLoop = new ConcurrentHashMap<>();

  InstancePools(GatewayConfig config, Executor resolver) {
    this.config = config;
    this.resolver = resolver;
  }

  /** Finds a connection for an attempt. On the loop of the client's connection. */
  void connect(ClientConnection client, Lease lease, NettyAttempt attempt) {
    EventLoop loop = client.loop();
    byLoop
        .computeIfAbsent(loop, any -> new HashMap<>())
        .computeIfAbsent(
            lease.instanceId(), id -> new InstancePool(lease.endpoint(), config, loop, resolver))
        .connect(attempt);
  }

  /** Closes the connections to an instance that is gone. */
  void drop(String instanceId) {
    onEveryLoop(
        pools -> {
          InstancePool gone = pools.remove(instanceId);
          if (gone != null) {
            gone.close();
          }
        });
  }

  /** Closes connections that have been idle for too long. */
  void evictIdle() {
    onEveryLoop(pools -> pools.values().forEach(InstancePool::evictIdle));
  }

  void close() {
    onEveryLoop(
        pools -> {
          pools.values().forEach(InstancePool::close);
          pools.clear();
        });
  }

  private void onEveryLoop(Consumer<Map<String, InstancePool>> task) {
    byLoop.forEach(
        (loop, pools) -> {
          try {
            loop.execute(() -> task.accept(pools));
          } catch (RejectedExecutionException e) {
            // The loop has ended, and its connections with it.
          }
        });
  }
}
