package dev.autodeploy.kubernetes;

import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceObserver;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.StartProgress;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.net.URI;
import java.util.Collection;
import java.util.List;
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
  private static final int LOG_TAIL = 20;

  private final Cluster cluster;
  private final KubernetesThreads threads;
  private final PodEvents events;
  private final Predicate<String> wasReleased;
  private final Map<String, TrackedPod> tracked = new ConcurrentHashMap<>();
  private volatile InstanceObserver observer = NoObserver.INSTANCE;
  private volatile @Nullable SharedIndexInformer<Pod> informer;
  private volatile String owner = "";

  /**
   * Makes one without instances.
   *
   * @param wasReleased whether an instance was released: a pod that comes later is deleted
   */
  PodWatch(
      Cluster cluster, KubernetesThreads threads, PodEvents events, Predicate<String> wasReleased) {
    this.cluster = cluster;
    this.threads = threads;
    this.events = events;
    this.wasReleased = wasReleased;
  }

  /** Begins to listen to the cluster. */
  void open(ProviderContext context) {
    observer = context.observer();
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

  /** Passes on how far a start is. */
  void progress(String instanceId, StartProgress progress) {
    observer.progress(instanceId, progress);
  }

  /** Tells of the end of an instance from now on, and of one that came a moment too early. */
  void up(TrackedPod instance, @Nullable URI endpoint) {
    instance.up(endpoint);
    Pod pod = instance.pod();
    if (pod != null) {
      threads.submit(() -> check(instance, pod));
    }
  }

  /** Tells that an instance has ended or cannot come up, if that is so. */
  private void check(TrackedPod instance, Pod pod) {
    if (!instance.isUp() || instance.isReleasing()) {
      return;
    }
    PodState state = new PodState(pod);
    if (state.hasServiceEnded()) {
      tell(instance, exit(pod));
    } else if (state.isBeingDeleted() && state.isOnLostNode()) {
      // Nobody can ask the node, and nobody will: what it ran serves nobody any longer.
      tell(instance, exit(pod));
    } else if (state.failure() != null) {
      tell(instance, InstanceExit.unknown(state.failure()));
    }
  }

  private void tell(TrackedPod instance, InstanceExit exit) {
    if (instance.tell()) {
      observer.exited(instance.instanceId(), exit);
    }
  }

  /** Returns how an instance ended, with the last lines of its log and what was done to it. */
  InstanceExit exit(Pod pod) {
    PodState state = new PodState(pod);
    List<String> tail;
    try {
      tail =
          state.isOnLostNode()
              ? List.of()
              : PodLog.tail(cluster, pod.getMetadata().getName(), LOG_TAIL);
    } catch (ClusterException e) {
      tail = List.of();
    }
    String told =
        state.cause() == null && (state.isBeingDeleted() || state.isOnLostNode())
            ? PodEvents.cause(events.of(pod))
            : null;
    return state.exit(tail, told);
  }

  private void gone(TrackedPod instance, Pod last) {
    if (instance.isUp() && !instance.isReleasing()) {
      String told = new PodState(last).cause();
      if (told == null) {
        told = PodEvents.cause(events.of(last));
      }
      tell(
          instance,
          InstanceExit.unknown(told == null ? "its pod was deleted by somebody else" : told));
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
      instance.heard(pod);
      threads.submit(() -> check(instance, pod));
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
        instance.heard(null);
        threads.submit(() -> gone(instance, pod));
      }
    }
  }

  /** The observer of a provider that is used without an engine. */
  private enum NoObserver implements InstanceObserver {
    INSTANCE;

    @Override
    public void exited(String instanceId, InstanceExit exit) {}

    @Override
    public void progress(String instanceId, StartProgress progress) {}
  }
}
