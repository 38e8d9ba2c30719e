package dev.autodeploy.kubernetes;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A cluster's API server, in one namespace. Thread-safe; every call blocks. */
final class Cluster implements AutoCloseable {
  private final KubernetesClient client;
  private final String namespace;
  private final KubernetesSettings settings;
  private final boolean inside;

  /**
   * Makes one.
   *
   * @param inside whether this process runs in a pod of the cluster
   */
  Cluster(KubernetesClient client, String namespace, KubernetesSettings settings, boolean inside) {
    this.client = client;
    this.namespace = namespace;
    this.settings = settings;
    this.inside = inside;
  }

  KubernetesClient client() {
    return client;
  }

  String namespace() {
    return namespace;
  }

  /** Returns the same API server, in another namespace; closing that closes both. */
  Cluster in(String other) {
    return new Cluster(client, other, settings, inside);
  }

  /** Returns the namespace of a pod. */
  String namespaceOf(Pod pod) {
    String its = pod.getMetadata().getNamespace();
    return its == null || its.isEmpty() ? namespace : its;
  }

  KubernetesSettings settings() {
    return settings;
  }

  boolean isInside() {
    return inside;
  }

  PodReach reach() {
    PodReach reach = settings.cluster().reach();
    if (reach != PodReach.AUTO) {
      return reach;
    }
    return inside ? PodReach.POD_IP : PodReach.PORT_FORWARD;
  }

  /** Makes a call and tells its failure in our words. */
  <T extends @Nullable Object> T call(String doing, Function<KubernetesClient, T> call) {
    try {
      return call.apply(client);
    } catch (RuntimeException e) {
      throw ClusterException.of(doing, e);
    }
  }

  String address() {
    return String.valueOf(client.getMasterUrl());
  }

  @Override
  public void close() {
    client.close();
  }
}
