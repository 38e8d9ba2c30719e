package dev.autodeploy.kubernetes;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Looks after the instances of this process that are pods of other people's Deployments. Hears of
 * every change of those pods; thread-safe.
 */
final class ScaledWatch implements ResourceEventHandler<Pod> {
  private final PodEnds ends;
  private final Map<String, TrackedPod> tracked = new ConcurrentHashMap<>();

  /** The instances by the UIDs of their pods. */
  private final Map<String, String> bound = new ConcurrentHashMap<>();

  ScaledWatch(PodEnds ends) {
    this.ends = ends;
  }

  @Nullable TrackedPod find(String instanceId) {
    return tracked.get(instanceId);
  }

  Collection<TrackedPod> all() {
    return tracked.values();
  }

  TrackedPod track(PodLabels labels) {
    return tracked.computeIfAbsent(labels.instanceId(), id -> new TrackedPod(labels));
  }

  /** Notes which pod an instance is; it is looked after from now on. */
  void bound(TrackedPod instance, PodBinding binding, Pod pod) {
    String container = ScaledDeployment.container(pod, binding.labels().port());
    instance.read(new PodReading(container, binding.restarts()));
    bound.put(binding.uid(), binding.instanceId());
    instance.heard(pod);
  }

  void untrack(String instanceId) {
    TrackedPod gone = tracked.remove(instanceId);
    bound.values().remove(instanceId);
    if (gone != null) {
      gone.closeLog();
    }
  }

  private @Nullable TrackedPod of(Pod pod) {
    String instanceId = bound.get(pod.getMetadata().getUid());
    return instanceId == null ? null : tracked.get(instanceId);
  }

  private void heard(Pod pod) {
    TrackedPod instance = of(pod);
    if (instance != null) {
      ends.heard(instance, pod);
    } else {
      tracked.values().forEach(TrackedPod::wake); // it may be the one that a start waits for
    }
  }

  @Override
  public void onAdd(Pod pod) {
    heard(pod);
  }

  @Override
  public void onUpdate(Pod before, Pod pod) {
    heard(pod);
  }

  @Override
  public void onDelete(Pod pod, boolean stateUnknown) {
    TrackedPod instance = of(pod);
    if (instance != null) {
      ends.heardGone(instance, pod);
    } else {
      tracked.values().forEach(TrackedPod::wake);
    }
  }
}
