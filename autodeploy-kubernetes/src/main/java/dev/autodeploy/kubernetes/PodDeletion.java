package dev.autodeploy.kubernetes;

import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.StatusDetails;
import java.time.Duration;
import java.util.List;

/** Deletes pods. */
final class PodDeletion {
  /**
   * The shortest grace. With none at all the API server drops the object without waiting for the
   * kubelet, and nobody would know whether the containers still run.
   */
  static final Duration AT_ONCE = Duration.ofSeconds(1);

  private PodDeletion() {}

  /** Asks for the deletion of this very pod; one that is gone, or another of its name, is left. */
  static void delete(Cluster cluster, Pod pod, Duration grace) {
    String name = pod.getMetadata().getName();
    try {
      List<StatusDetails> unused =
          cluster.call(
              "deleting pod " + name,
              client ->
                  client
                      .pods()
                      .inNamespace(cluster.namespace())
                      .withName(name)
                      .withGracePeriod(Math.max(AT_ONCE.toSeconds(), grace.toSeconds()))
                      .withPropagationPolicy(DeletionPropagation.BACKGROUND)
                      .delete());
    } catch (ClusterException e) {
      if (!e.isNotFound() && !e.isConflict()) {
        throw e;
      }
    }
  }
}
