package dev.autodeploy.kubernetes;

import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartRequest;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Starts and releases instances in pods of other people's Deployments: each at most once, and none
 * again that was released. Thread-safe; both block until they are done.
 */
final class ScaledLifecycle {
  /** The time that a start may take to end once it was cancelled. */
  private static final Duration START_END = Duration.ofSeconds(60);

  private final ScaledServices services;
  private final ScaledCheck checks;
  private final Map<String, ScaledStart> starts = new ConcurrentHashMap<>();

  ScaledLifecycle(ScaledServices services, ScaledCheck checks) {
    this.services = services;
    this.checks = checks;
  }

  boolean isStarting(String instanceId) {
    return starts.containsKey(instanceId);
  }

  ProviderInstance start(StartRequest request) {
    ScaledDeployment scaled = services.of(request.deployment());
    if (scaled == null) {
      throw new InstanceStartException(checks.unknown(request.deployment()));
    }
    ScaledStart start = new ScaledStart(services, scaled, request);
    if (starts.putIfAbsent(request.instanceId(), start) != null) {
      throw new InstanceStartException("instance '" + request.instanceId() + "' is being started");
    }
    try {
      if (services.released().contains(request.instanceId())) {
        throw new InstanceStartException("the start was cancelled");
      }
      return start.run();
    } finally {
      starts.remove(request.instanceId(), start);
    }
  }

  void release(String instanceId) {
    services.released().add(instanceId);
    TrackedPod known = services.watch().find(instanceId);
    if (known != null) {
      known.releasing();
    }
    try {
      ScaledStart start = starts.get(instanceId);
      if (start != null) {
        start.cancel();
        if (!start.awaitEnd(START_END)) {
          throw new InstanceStartException(
              "the start of '" + instanceId + "' does not end, so it cannot be released yet");
        }
      }
      new ScaledRelease(services, checks, instanceId).run();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ClusterException.of("releasing " + instanceId, e);
    }
    services.watch().untrack(instanceId);
  }
}
