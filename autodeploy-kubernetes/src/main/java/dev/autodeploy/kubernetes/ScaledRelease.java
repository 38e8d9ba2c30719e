package dev.autodeploy.kubernetes;

import dev.autodeploy.spi.InstanceStartException;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The release of one instance: its Deployment gets a replica less, and its pod has to end. Which
 * pod goes is the ReplicaSet's choice; where that might be another instance's, the release waits.
 */
final class ScaledRelease {
  /** The prefix of the ids of pods that are bound to no instance, before their UID. */
  static final String UNBOUND = "unbound-";

  /** The time that the cluster may take, beyond the grace period of the pod. */
  private static final Duration REMOVAL = Duration.ofSeconds(40);

  private static final int DEFAULT_GRACE_SECONDS = 30;
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long PAUSE_MILLIS = 200;

  private final ScaledServices services;
  private final ScaledCheck checks;
  private final String instanceId;
  private final @Nullable TrackedPod known;

  ScaledRelease(ScaledServices services, ScaledCheck checks, String instanceId) {
    this.services = services;
    this.checks = checks;
    this.instanceId = instanceId;
    this.known = services.watch().find(instanceId);
  }

  /** Notes that an instance's Deployment is not to have it any longer. */
  static @Nullable PodBinding begin(ScaledServices services, String instanceId) {
    return services
        .bindings()
        .change(
            all -> {
              Map<String, PodBinding> changed = new HashMap<>(all);
              changed.computeIfPresent(instanceId, (id, binding) -> binding.toRelease());
              return changed;
            })
        .get(instanceId);
  }

  void run() throws InterruptedException {
    if (instanceId.startsWith(UNBOUND)) {
      String uid = instanceId.substring(UNBOUND.length());
      for (ScaledDeployment scaled : services.all()) {
        for (Pod pod : scaled.pods()) {
          if (uid.equals(pod.getMetadata().getUid())) {
            end(scaled, pod.getMetadata().getName(), uid);
            return;
          }
        }
      }
      return;
    }
    PodBinding binding = begin(services, instanceId);
    if (binding != null) {
      ScaledDeployment scaled = services.of(binding);
      end(scaled, binding.pod(), binding.uid());
      services.reach(scaled.target()).release(binding.pod());
      Map<String, PodBinding> unused = services.bindings().change(this::without);
    }
  }

  private Map<String, PodBinding> without(Map<String, PodBinding> all) {
    Map<String, PodBinding> changed = new HashMap<>(all);
    changed.remove(instanceId);
    return changed;
  }

  /** Takes the replica back, and waits until nothing of the pod runs any longer. */
  private void end(ScaledDeployment scaled, String name, String uid) throws InterruptedException {
    long begun = System.nanoTime();
    Duration limit = REMOVAL;
    while (true) {
      long version = known == null ? 0 : known.version();
      String waits = scaled.lower(checks.mayChoose(scaled));
      Pod pod = uid.isEmpty() ? null : scaled.pod(name);
      boolean there = pod != null && uid.equals(pod.getMetadata().getUid());
      // Where its pod is not there, the ReplicaSet may have made another in its place.
      if (waits == null && ((pod != null && there) ? isGone(pod) : isAllGone(scaled))) {
        return;
      }
      if (pod != null) {
        limit = REMOVAL.plus(grace(pod));
      }
      if (System.nanoTime() - begun > limit.toNanos()) {
        throw new InstanceStartException(
            "instance '" + instanceId + "' is not gone yet: " + why(scaled, name, pod, waits));
      }
      if (known == null) {
        Thread.sleep(PAUSE_MILLIS);
      } else {
        known.awaitAfter(version, LOOK_NANOS);
      }
    }
  }

  private static Duration grace(Pod pod) {
    Long seconds = pod.getSpec().getTerminationGracePeriodSeconds();
    return Duration.ofSeconds(seconds == null ? DEFAULT_GRACE_SECONDS : seconds);
  }

  private static boolean isGone(Pod pod) {
    return new PodState(pod).isGone();
  }

  /** Returns whether no pod can be left that is nobody's and has to end. */
  private boolean isAllGone(ScaledDeployment scaled) {
    if (!scaled.isSettled()) {
      return false;
    }
    List<Pod> pods = scaled.pods();
    List<PodBinding> bound = scaled.mine(services.bindings().all());
    return pods.stream()
        .filter(pod -> new PodState(pod).isBeingDeleted())
        .filter(pod -> bound.stream().noneMatch(it -> it.isOf(pod)))
        .allMatch(ScaledRelease::isGone);
  }

  private static String why(
      ScaledDeployment scaled, String name, @Nullable Pod pod, @Nullable String waits) {
    if (waits != null) {
      return waits;
    }
    if (pod == null) {
      return "the controllers of the cluster have not followed the scale of Deployment "
          + scaled.target();
    }
    PodState state = new PodState(pod);
    if (state.isOnLostNode()) {
      return "pod "
          + name
          + " is on node "
          + state.node()
          + ", which is lost: nobody knows whether it still runs; it is gone when the node is back,"
          + " or removed from the cluster";
    }
    return state.isBeingDeleted()
        ? "pod " + name + " has not ended"
        : "the ReplicaSet has taken another pod than " + name;
  }
}
