package dev.autodeploy.kubernetes;

import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceObserver;
import dev.autodeploy.spi.StartProgress;
import io.fabric8.kubernetes.api.model.Pod;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tells the observer how far starts are, and once for each instance that it has ended. */
final class PodEnds {
  private static final int LOG_TAIL = 20;

  private final Cluster cluster;
  private final KubernetesThreads threads;
  private final PodEvents events;
  private volatile InstanceObserver observer = NoObserver.INSTANCE;

  PodEnds(Cluster cluster, KubernetesThreads threads, PodEvents events) {
    this.cluster = cluster;
    this.threads = threads;
    this.events = events;
  }

  void open(InstanceObserver to) {
    observer = to;
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

  /** Notes how an instance's pod is now. */
  void heard(TrackedPod instance, Pod pod) {
    instance.heard(pod);
    threads.submit(() -> check(instance, pod));
  }

  /** Notes that an instance's pod is gone. */
  void heardGone(TrackedPod instance, Pod last) {
    instance.heard(null);
    threads.submit(() -> gone(instance, last));
  }

  /** Tells that an instance has ended or cannot come up, if that is so. */
  private void check(TrackedPod instance, Pod pod) {
    if (!instance.isUp() || instance.isReleasing()) {
      return;
    }
    PodState state = instance.state(pod);
    if (state.hasServiceEnded()) {
      tell(instance, exit(state));
    } else if (state.isBeingDeleted() && state.isOnLostNode()) {
      // Nobody can ask the node, and nobody will: what it ran serves nobody any longer.
      tell(instance, exit(state));
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
  InstanceExit exit(PodState state) {
    List<String> tail;
    try {
      tail = state.isOnLostNode() ? List.of() : PodLog.tail(cluster, state, LOG_TAIL);
    } catch (ClusterException e) {
      tail = List.of();
    }
    String told =
        state.cause() == null && (state.isBeingDeleted() || state.isOnLostNode())
            ? PodEvents.cause(events.of(state.pod()))
            : null;
    return state.exit(tail, told);
  }

  private void gone(TrackedPod instance, Pod last) {
    if (instance.isUp() && !instance.isReleasing()) {
      String told = instance.state(last).cause();
      if (told == null) {
        told = PodEvents.cause(events.of(last));
      }
      tell(instance, InstanceExit.unknown(told == null ? PodState.DELETED : told));
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
