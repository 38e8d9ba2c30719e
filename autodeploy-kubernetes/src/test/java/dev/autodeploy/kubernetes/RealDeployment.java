package dev.autodeploy.kubernetes;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.RollableScalableResource;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;

/** A Deployment of a real cluster, made by somebody else than the provider that scales it. */
final class RealDeployment implements AutoCloseable {
  final String name = "autodeploy-test-" + UUID.randomUUID().toString().substring(0, 8);
  private final KubernetesClient admin = RealCluster.admin();

  /** Makes it, without replicas. */
  RealDeployment(String command) {
    Deployment made =
        new DeploymentBuilder()
            .withNewMetadata()
            .withName(name)
            .endMetadata()
            .withNewSpec()
            .withReplicas(0)
            .withNewSelector()
            .withMatchLabels(Map.of("app", name))
            .endSelector()
            .withTemplate(FakeDeployments.template(name, command))
            .endSpec()
            .build();
    admin.apps().deployments().inNamespace(RealCluster.NAMESPACE).resource(made).create();
  }

  private RollableScalableResource<Deployment> resource() {
    return admin.apps().deployments().inNamespace(RealCluster.NAMESPACE).withName(name);
  }

  Deployment get() {
    return resource().get();
  }

  int replicas() {
    return get().getSpec().getReplicas();
  }

  String target() {
    return RealCluster.NAMESPACE + "/" + name;
  }

  /** Has the next pods run another command, as after a change of the manifest. */
  void apply(String command) {
    PodTemplateSpec template = FakeDeployments.template(name, command);
    edit(it -> it.getSpec().setTemplate(template));
  }

  /** Changes it, also while its controllers do. */
  void edit(Consumer<Deployment> change) {
    while (true) {
      try {
        resource()
            .edit(
                it -> {
                  change.accept(it);
                  return it;
                });
        return;
      } catch (KubernetesClientException e) {
        if (e.getCode() != 409) {
          throw e;
        }
      }
    }
  }

  /** Scales it as its owner may at any time; does not wait. */
  void scale(int replicas) {
    edit(it -> it.getSpec().setReplicas(replicas));
  }

  List<Pod> pods() {
    return admin.pods().inNamespace(RealCluster.NAMESPACE).withLabel("app", name).list().getItems();
  }

  void awaitPods(int count) {
    PodFixture.await(Duration.ofSeconds(100), () -> replicas() == count && pods().size() == count);
  }

  /** Removes it and its pods. */
  @Override
  public void close() {
    try (admin) {
      resource().delete();
      admin
          .pods()
          .inNamespace(RealCluster.NAMESPACE)
          .withLabel("app", name)
          .withGracePeriod(0)
          .delete();
    }
  }
}
