package dev.autodeploy.kubernetes;

import io.fabric8.kubernetes.api.model.Toleration;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a provider.
 *
 * @param cluster how the cluster is spoken to
 * @param placement where pods run
 * @param gpus how pods get GPUs
 * @param rights what the programs in pods may do
 * @param life how long pods live
 * @param arrival how long pods may take to come up
 * @param customizer what changes a pod before it is created, or null
 */
record KubernetesSettings(
    Cluster cluster,
    Placement placement,
    Gpus gpus,
    Rights rights,
    Life life,
    Arrival arrival,
    @Nullable PodCustomizer customizer) {

  /**
   * The access to the cluster.
   *
   * @param callTimeout how long the API server may take for one call
   * @param reach how instances are reached
   * @param lockOwner whether an owner is held against other engines
   */
  record Cluster(Duration callTimeout, PodReach reach, boolean lockOwner) {}

  /**
   * The placement of pods.
   *
   * @param nodeSelector the labels of their nodes
   * @param tolerations the taints that they tolerate
   * @param runtimeClass their runtime class, or null
   * @param priorityClass their priority class, or null
   * @param serviceAccount their service account, or null for the namespace's without its token
   * @param pullSecrets the Secrets with credentials of registries
   * @param pullPolicy when images are pulled, or null for Kubernetes' own default
   * @param hostPaths whether directories of nodes may be mounted
   * @param ownerReference whether pods belong to the host application's own Deployment
   */
  record Placement(
      Map<String, String> nodeSelector,
      List<Toleration> tolerations,
      @Nullable String runtimeClass,
      @Nullable String priorityClass,
      @Nullable String serviceAccount,
      List<String> pullSecrets,
      @Nullable String pullPolicy,
      boolean hostPaths,
      boolean ownerReference) {
    Placement {
      nodeSelector = Map.copyOf(nodeSelector);
      tolerations = List.copyOf(tolerations);
      pullSecrets = List.copyOf(pullSecrets);
    }
  }

  /**
   * The way in which pods get GPUs.
   *
   * @param resource the resource's name
   * @param modelLabel the label of nodes that names the model
   * @param nodes the labels of the nodes of each model
   * @param sharedMemory the shared memory of those whose deployment does not say
   */
  record Gpus(
      String resource,
      String modelLabel,
      Map<String, Map<String, String>> nodes,
      long sharedMemory) {
    Gpus {
      nodes = Map.copyOf(nodes);
    }
  }

  /**
   * The rights of the programs in pods.
   *
   * @param user the id of their user, or null for the image's
   * @param newPrivileges whether they may get more rights than their caller
   * @param readOnlyRoot whether the files of the image cannot be changed
   */
  record Rights(@Nullable Long user, boolean newPrivileges, boolean readOnlyRoot) {}

  /**
   * The deadlines of pods that are not up yet, before the start timeout begins.
   *
   * @param createTimeout how long one may take to be made
   * @param pullTimeout how long its pulls may take
   */
  record Arrival(Duration createTimeout, Duration pullTimeout) {}

  /**
   * The lifetimes of pods.
   *
   * @param heartbeatTimeout how long without a heartbeat; zero for ever
   * @param activeDeadline how long in any case, or null for ever
   * @param nodeLossTimeout how long a node may be silent before its pods are given up
   */
  record Life(
      Duration heartbeatTimeout, @Nullable Duration activeDeadline, Duration nodeLossTimeout) {
    boolean withHeartbeats() {
      return !heartbeatTimeout.isZero();
    }
  }
}
