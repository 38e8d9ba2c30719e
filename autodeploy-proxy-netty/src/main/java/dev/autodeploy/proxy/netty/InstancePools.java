package dev.autodeploy.proxy.netty;

import dev.autodeploy.Lease;
import dev.autodeploy.internal.net.HostLookup;
import dev.autodeploy.proxy.gateway.GatewayConfig;
import io.netty.channel.EventLoop;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/**
 * The connections to instances: a pool for each instance on each loop, used on that loop only, so
 * that a request and its response never change threads.
 */
final class InstancePools {
  private final GatewayConfig config;
  private final HostLookup lookup;
  private final Map<EventLoop, Map<String, Pools>> byLoop = new ConcurrentHashMap<>();

  /** The connections of one loop to one instance, by protocol. */
  private record Pools(InstancePool http1, Http2Pool http2) {
    void evictIdle() {
      http1.evictIdle();
      http2.evictIdle();
    }

    void close() {
      http1.close();
      http2.close();
    }
  }

  InstancePools(GatewayConfig config, HostLookup lookup) {
    this.config = config;
    this.lookup = lookup;
  }

  /** Finds a connection for an attempt, on the loop of the client's connection. */
  void connect(EventLoop loop, Lease lease, NettyAttempt attempt) {
    Pools pools =
        byLoop
            .computeIfAbsent(loop, any -> new HashMap<>())
            .computeIfAbsent(lease.instanceId(), id -> pools(loop, lease));
    if (attempt.wantsHttp2()) {
      pools.http2.connect(attempt);
    } else {
      pools.http1.connect(attempt);
    }
  }

  private Pools pools(EventLoop loop, Lease lease) {
    Dialer dialer = new Dialer(lease.endpoint(), config, loop, lookup);
    return new Pools(new InstancePool(dialer), new Http2Pool(dialer));
  }

  /** Closes the connections to an instance that is gone. */
  void drop(String instanceId) {
    onEveryLoop(
        pools -> {
          Pools gone = pools.remove(instanceId);
          if (gone != null) {
            gone.close();
          }
        });
  }

  /** Closes connections that have been idle for too long. */
  void evictIdle() {
    onEveryLoop(pools -> pools.values().forEach(Pools::evictIdle));
  }

  void close() {
    onEveryLoop(
        pools -> {
          pools.values().forEach(Pools::close);
          pools.clear();
        });
  }

  private void onEveryLoop(Consumer<Map<String, Pools>> task) {
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
