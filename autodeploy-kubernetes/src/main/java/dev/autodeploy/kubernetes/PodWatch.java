package dev.autodeploy.kubernetes;

import dev.autodeploy.spi.ProviderContext;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after the instances of this process: an informer hears of every change of the owner's pods,
 * and the observer is told once when one has ended.
 */
final class PodWatch {
  private static final Logger LOG = LoggerFactory.getLogger(PodWatch.class);

  private final Cluster cluster;
  private final KubernetesThreads threads;
  private final PodEnds ends;
  private final Predicate<String> wasReleased;
  private final Map<String, TrackedPod> tracked = new ConcurrentHashMap<>();
  private volatile @Nullable SharedIndexInformer<Pod> informer;
  private volatile String owner = "";

  /**
   * Makes one without instances.
   *
   * @param wasReleased whether an instance was released: a pod that comes later is deleted
   */
  PodWatch(
      Cluster cluster, KubernetesThreads threads, PodEnds ends, Predicate<String> wasReleased) {
    this.cluster = cluster;
    this.threads = threads;
    this.ends = ends;
    this.wasReleased = wasReleased;
  }

  /** Begins to listen to the cluster. */
  void open(ProviderContext context) {
    ends.open(context.observer());
    owner = context.owner();
    informer =
        cluster.call(
            "watching pods",
            client ->
                client
                    .pods()
                    .inNamespace(cluster.namespace())
                    .withLabels(PodLabels.selector(owner))
                    .inform(new Changes()));
  }

  void close() {
    SharedIndexInformer<Pod> open = informer;
    if (open != null) {
      open.close();
    }
  }

  /** The owner of the instances; empty until this is opened. */
  String owner() {
    return owner;
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

  void untrack(String instanceId) {
    TrackedPod gone = tracked.remove(instanceId);
    if (gone != null) {
      gone.closeLog();
    }
  }

  /** Deletes a pod that came after the release of its instance. */
  private void deleteLate(Pod pod) {
    LOG.info("The cluster made pod {} too late; it is deleted", pod.getMetadata().getName());
    PodDeletion.delete(cluster, pod, PodDeletion.AT_ONCE);
  }

  private void heard(Pod pod) {
    PodLabels labels = PodLabels.of(pod);
    if (labels == null || !labels.owner().equals(owner)) {
      return;
    }
    if (wasReleased.test(labels.instanceId()) && pod.getMetadata().getDeletionTimestamp() == null) {
      threads.submit(() -> deleteLate(pod));
    }
    TrackedPod instance = tracked.get(labels.instanceId());
    if (instance != null) {
      ends.heard(instance, pod);
    }
  }

  private final class Changes implements ResourceEventHandler<Pod> {
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
      PodLabels labels = PodLabels.of(pod);
      TrackedPod instance = labels == null ? null : tracked.get(labels.instanceId());
      if (instance != null) {
        ends.heardGone(instance, pod);
      }
    }
  }
}
