package dev.autodeploy.kubernetes;

import io.fabric8.kubernetes.api.model.Pod;
import org.jspecify.annotations.Nullable;

/**
 * The services that starts and releases share.
 *
 * @param cluster the API server
 * @param threads where what may take its time is done
 * @param watch what is heard of pods
 * @param ends who is told of them
 * @param events the cluster's events
 * @param secrets the environments of instances
 * @param host what pods belong to
 * @param reach how pods are reached
 */
record PodServices(
    Cluster cluster,
    KubernetesThreads threads,
    PodWatch watch,
    PodEnds ends,
    PodEvents events,
    EnvironmentSecret secrets,
    HostObject host,
    Reach reach) {

  /** Returns a pod as the API server has it; null if there is none. */
  @Nullable Pod find(String name) {
    return cluster.call(
        "looking up pod " + name,
        client -> client.pods().inNamespace(cluster.namespace()).withName(name).get());
  }
}
