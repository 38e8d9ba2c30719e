package dev.autodeploy.kubernetes;

import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.StatusDetails;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Secret that holds the environment of an instance: made before its pod, deleted with it, and
 * in case nobody is left to do that, owned by it.
 */
final class EnvironmentSecret {
  private static final Logger LOG = LoggerFactory.getLogger(EnvironmentSecret.class);

  private final Cluster cluster;
  private final HostObject host;

  EnvironmentSecret(Cluster cluster, HostObject host) {
    this.cluster = cluster;
    this.host = host;
  }

  void create(PodLabels labels, Map<String, String> environment) {
    Secret secret =
        new SecretBuilder()
            .withNewMetadata()
            .withName(labels.name())
            .withLabels(labels.labels())
            .withAnnotations(labels.annotations())
            .withOwnerReferences(host.references())
            .endMetadata()
            .withType("Opaque")
            .withStringData(environment)
            .build();
    try {
      Secret unused =
          cluster.call(
              "making the Secret " + labels.name(),
              client ->
                  client.secrets().inNamespace(cluster.namespace()).resource(secret).create());
    } catch (ClusterException e) {
      if (!e.isConflict()) { // the same call, which was answered too late the first time
        throw e;
      }
    }
  }

  /** Lets the cluster delete the Secret with its pod. */
  void belongTo(Pod pod) {
    String name = pod.getMetadata().getName();
    try {
      Secret unused =
          cluster.call(
              "giving the Secret " + name + " to its pod",
              client ->
                  client
                      .secrets()
                      .inNamespace(cluster.namespace())
                      .withName(name)
                      .edit(
                          secret ->
                              new SecretBuilder(secret)
                                  .editMetadata()
                                  .withOwnerReferences(
                                      new OwnerReferenceBuilder()
                                          .withApiVersion("v1")
                                          .withKind("Pod")
                                          .withName(name)
                                          .withUid(pod.getMetadata().getUid())
                                          .build())
                                  .endMetadata()
                                  .build()));
    } catch (ClusterException e) {
      LOG.debug("{}", e.getMessage());
    }
  }

  void delete(String name) {
    try {
      List<StatusDetails> unused =
          cluster.call(
              "deleting the Secret " + name,
              client -> client.secrets().inNamespace(cluster.namespace()).withName(name).delete());
    } catch (ClusterException e) {
      if (!e.isNotFound()) {
        throw e;
      }
    }
  }

  /**
   * Deletes the Secrets of an owner whose pods an earlier process never made.
   *
   * @param isOurs whether this process knows an instance: its pod may be about to come
   */
  void deleteLeftovers(String owner, Predicate<String> isOurs) {
    List<Secret> secrets =
        cluster.call(
            "listing Secrets",
            client ->
                client
                    .secrets()
                    .inNamespace(cluster.namespace())
                    .withLabels(PodLabels.selector(owner))
                    .list()
                    .getItems());
    if (secrets.isEmpty()) {
      return;
    }
    Set<String> pods = new HashSet<>();
    for (Pod pod :
        cluster.call(
            "listing pods",
            client ->
                client
                    .pods()
                    .inNamespace(cluster.namespace())
                    .withLabels(PodLabels.selector(owner))
                    .list()
                    .getItems())) {
      pods.add(pod.getMetadata().getName());
    }
    for (Secret secret : secrets) {
      PodLabels labels = PodLabels.of(secret);
      if (labels != null
          && labels.owner().equals(owner)
          && !pods.contains(labels.name())
          && !isOurs.test(labels.instanceId())) {
        delete(labels.name());
      }
    }
  }
}
