package dev.autodeploy.kubernetes;

import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReleasedInstances;
import dev.autodeploy.spi.StartRequest;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Starts and releases instances: each at most once, and none again that was released, whatever of
 * its start is still under way. Thread-safe; both block until they are done.
 */
final class PodLifecycle {
  /** The time that a start may take to end once it was cancelled. */
  private static final Duration START_END = Duration.ofSeconds(60);

  /** The time that the kubelet may take to tell, beyond the grace period. */
  private static final Duration REMOVAL = Duration.ofSeconds(40);

  /** The time for which to look for a pod that may be created although the call failed. */
  private static final Duration LATE_POD = Duration.ofSeconds(2);

  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final PodServices services;
  private final ReleasedInstances released;
  private final Map<String, PodStart> starts = new ConcurrentHashMap<>();

  PodLifecycle(PodServices services, ReleasedInstances released) {
    this.services = services;
    this.released = released;
  }

  boolean isStarting(String instanceId) {
    return starts.containsKey(instanceId);
  }

  ProviderInstance start(StartRequest request) {
    PodStart start = new PodStart(services, request);
    if (starts.putIfAbsent(request.instanceId(), start) != null) {
      throw new InstanceStartException("instance '" + request.instanceId() + "' is being started");
    }
    if (released.contains(request.instanceId())) {
      starts.remove(request.instanceId(), start);
      throw new InstanceStartException("the start was cancelled");
    }
    boolean returned = false;
    try {
      ProviderInstance instance = start.run();
      returned = true;
      return instance;
    } finally {
      if (returned || !start.isOutcomeUnknown()) {
        starts.remove(request.instanceId(), start);
      }
    }
  }

  void release(String instanceId, Duration grace) {
    released.add(instanceId);
    TrackedPod known = services.watch().find(instanceId);
    if (known != null) {
      known.releasing();
    }
    String name = Names.ofInstance(instanceId);
    try {
      PodStart start = starts.get(instanceId);
      if (start != null) {
        start.cancel();
        if (!start.awaitEnd(START_END)) {
          throw new InstanceStartException(
              "the start of '" + instanceId + "' does not end, so it cannot be released yet");
        }
      }
      delete(instanceId, name, known, grace);
      if (start != null && start.isOutcomeUnknown()) {
        deleteLate(instanceId, name);
        starts.remove(instanceId, start);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ClusterException.of("releasing " + instanceId, e);
    }
    services.reach().release(name);
    services.secrets().delete(name);
    services.watch().untrack(instanceId);
  }

  /** An API server that was asked to make a pod may do so late, once it answers again. */
  private void deleteLate(String instanceId, String name) throws InterruptedException {
    long deadline = System.nanoTime() + LATE_POD.toNanos();
    while (System.nanoTime() < deadline) {
      Thread.sleep(200);
      delete(instanceId, name, null, Duration.ZERO);
    }
  }

  /** Deletes the pod of an instance, and waits until nothing of it runs any longer. */
  private void delete(String instanceId, String name, @Nullable TrackedPod known, Duration grace)
      throws InterruptedException {
    long deadline = System.nanoTime() + grace.plus(REMOVAL).toNanos();
    boolean asked = false;
    while (true) {
      long version = known == null ? 0 : known.version();
      Pod pod = services.find(name);
      PodLabels labels = pod == null ? null : PodLabels.of(pod);
      if (pod == null || labels == null || !labels.isOf(services.watch().owner(), instanceId)) {
        return;
      }
      PodState state = new PodState(pod);
      if (!asked) {
        // Again also where somebody else has asked, perhaps with a longer grace.
        PodDeletion.delete(services.cluster(), pod, grace);
        asked = true;
        continue;
      }
      if (state.isGone()) {
        return;
      }
      if (System.nanoTime() > deadline) {
        throw new InstanceStartException(
            state.isOnLostNode()
                ? "pod "
                    + name
                    + " is on node "
                    + state.node()
                    + ", which is lost: nobody knows"
                    + " whether it still runs; it is gone when the node is back, or removed from"
                    + " the cluster"
                : "pod "
                    + name
                    + " has not ended "
                    + grace.plus(REMOVAL).toSeconds()
                    + " s after its deletion");
      }
      if (known == null) {
        Thread.sleep(200);
      } else {
        known.awaitAfter(version, LOOK_NANOS);
      }
    }
  }
}
