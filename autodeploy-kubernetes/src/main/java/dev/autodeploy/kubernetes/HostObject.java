package dev.autodeploy.kubernetes;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The object in the cluster that stands for the host application, such as its own Deployment: what
 * we make belongs to it, so that it goes when the application is uninstalled.
 */
final class HostObject {
  private static final Logger LOG = LoggerFactory.getLogger(HostObject.class);

  private volatile List<OwnerReference> references = List.of();

  /** The references to it; empty if there is none. */
  List<OwnerReference> references() {
    return references;
  }

  @Nullable OwnerReference reference() {
    List<OwnerReference> all = references;
    return all.isEmpty() ? null : all.get(0);
  }

  /**
   * Looks it up by the pod of this process.
   *
   * @param podName the name of that pod
   */
  void find(Cluster cluster, String podName) {
    try {
      Pod pod =
          cluster.call(
              "looking up the pod of this process",
              client -> client.pods().inNamespace(cluster.namespace()).withName(podName).get());
      OwnerReference found =
          pod == null ? null : controller(pod.getMetadata().getOwnerReferences());
      if (found != null && found.getKind().equals("ReplicaSet")) {
        String name = found.getName();
        String version = found.getApiVersion();
        GenericKubernetesResource set =
            cluster.call(
                "looking up the ReplicaSet of this process",
                client ->
                    client
                        .genericKubernetesResources(version, "ReplicaSet")
                        .inNamespace(cluster.namespace())
                        .withName(name)
                        .get());
        // A ReplicaSet goes with the next version of the application, and must not take pods along.
        found = set == null ? null : controller(set.getMetadata().getOwnerReferences());
      }
      if (found != null) {
        references =
            List.of(
                new OwnerReferenceBuilder(found)
                    .withController(false)
                    .withBlockOwnerDeletion(false)
                    .build());
        LOG.info("Pods belong to {} {}", found.getKind(), found.getName());
      }
    } catch (ClusterException e) {
      LOG.info(
          "Pods do not belong to the host application's own Deployment, and stay when it is"
              + " uninstalled, until their heartbeats end: {}",
          e.getMessage());
    }
  }

  private static @Nullable OwnerReference controller(@Nullable List<OwnerReference> all) {
    return all == null
        ? null
        : all.stream()
            .filter(it -> Boolean.TRUE.equals(it.getController()))
            .findFirst()
            .orElse(null);
  }
}
