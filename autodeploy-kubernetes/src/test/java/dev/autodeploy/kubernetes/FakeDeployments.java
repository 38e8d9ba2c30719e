package dev.autodeploy.kubernetes;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The controllers of Deployments and ReplicaSets in one: makes pods of templates, and takes pods
 * away in the order of a real ReplicaSet; what that leaves open it does in the worst order.
 */
final class FakeDeployments implements AutoCloseable {
  static final String CONTAINER = "model";
  private static final String HASH = "7c9d8f6b5";
  private static final String COST = "controller.kubernetes.io/pod-deletion-cost";

  /** The pods of each Deployment that were taken away, by name, oldest first. */
  final List<String> taken = new ArrayList<>();

  private final KubernetesClient client;
  private final Set<String> names = ConcurrentHashMap.newKeySet();
  private final Map<String, String> commands = new ConcurrentHashMap<>();
  private final AtomicInteger pods = new AtomicInteger();
  private final ScheduledExecutorService controller =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "fake-deployments");
            thread.setDaemon(true);
            return thread;
          });

  /** True while the controllers do nothing. */
  volatile boolean stopped;

  FakeDeployments(KubernetesClient client) {
    this.client = client;
    controller.scheduleWithFixedDelay(this::reconcile, 50, 50, TimeUnit.MILLISECONDS);
  }

  /** Makes a Deployment without replicas. */
  void create(String name, String command) {
    Deployment unused =
        client
            .apps()
            .deployments()
            .inNamespace(FakeCluster.NAMESPACE)
            .resource(
                new DeploymentBuilder()
                    .withNewMetadata()
                    .withName(name)
                    .withGeneration(1L)
                    .endMetadata()
                    .withNewSpec()
                    .withReplicas(0)
                    .withNewSelector()
                    .withMatchLabels(Map.of("app", name))
                    .endSelector()
                    .withTemplate(template(name, command))
                    .endSpec()
                    .build())
            .create();
    names.add(name);
  }

  static PodTemplateSpec template(String name, String command) {
    return new PodTemplateSpecBuilder()
        .withNewMetadata()
        .addToLabels("app", name)
        .endMetadata()
        .withNewSpec()
        .withRestartPolicy("Always")
        .withTerminationGracePeriodSeconds(5L)
        .addNewContainer()
        .withName(CONTAINER)
        .withImage(Services.IMAGE)
        .withCommand("/bin/sh", "-c", command)
        .addNewPort()
        .withContainerPort(8080)
        .endPort()
        .endContainer()
        .endSpec()
        .build();
  }

  /** Has the next pods run another command, as after a change of the manifest. */
  void apply(String name, String command) {
    if (!command.equals(commands.put(name, command))) {
      Deployment unused =
          edit(
              name,
              it ->
                  new DeploymentBuilder(it)
                      .editSpec()
                      .withTemplate(template(name, command))
                      .endSpec()
                      .build());
    }
  }

  Deployment edit(String name, UnaryOperator<Deployment> change) {
    while (true) {
      try {
        return client
            .apps()
            .deployments()
            .inNamespace(FakeCluster.NAMESPACE)
            .withName(name)
            .edit(change);
      } catch (KubernetesClientException e) {
        if (e.getCode() != 409) { // the controller was first
          throw e;
        }
      }
    }
  }

  static Deployment scaled(Deployment deployment, int replicas) {
    return new DeploymentBuilder(deployment)
        .editMetadata()
        .withGeneration(deployment.getMetadata().getGeneration() + 1)
        .endMetadata()
        .editSpec()
        .withReplicas(replicas)
        .endSpec()
        .build();
  }

  Deployment find(String name) {
    return client.apps().deployments().inNamespace(FakeCluster.NAMESPACE).withName(name).get();
  }

  int replicas(String name) {
    return find(name).getSpec().getReplicas();
  }

  /** Scales it as somebody else would. */
  void scale(String name, int replicas) {
    Deployment unused = edit(name, it -> scaled(it, replicas));
  }

  /** Makes a pod that has the labels and is not the Deployment's, as a chart's job. */
  Pod createBeside(String name, String command) {
    PodTemplateSpec template = template(name, command);
    Pod pod =
        new PodBuilder()
            .withNewMetadata()
            .withName(name + "-job")
            .withLabels(template.getMetadata().getLabels())
            .endMetadata()
            .withNewSpecLike(template.getSpec())
            .withNodeName("fake-node")
            .endSpec()
            .build();
    return client.pods().inNamespace(FakeCluster.NAMESPACE).resource(pod).create();
  }

  private void reconcile() {
    if (stopped) {
      return;
    }
    for (String name : names) {
      try {
        reconcile(find(name));
      } catch (KubernetesClientException | NullPointerException e) {
        // Again the next time.
      }
    }
  }

  List<Pod> pods(String name) {
    return client
        .pods()
        .inNamespace(FakeCluster.NAMESPACE)
        .withLabel("app", name)
        .list()
        .getItems();
  }

  private void reconcile(Deployment deployment) {
    String name = deployment.getMetadata().getName();
    List<Pod> living =
        new ArrayList<>(
            pods(name).stream()
                .filter(it -> HASH.equals(it.getMetadata().getLabels().get(ScaledDeployment.HASH)))
                .filter(it -> it.getMetadata().getDeletionTimestamp() == null)
                .filter(it -> !"Failed".equals(new PodState(it).phase()))
                .toList());
    int wanted = deployment.getSpec().getReplicas();
    String refusal = null;
    int count = living.size();
    for (; count < wanted && refusal == null; count++) {
      refusal = make(deployment);
      count -= refusal == null ? 0 : 1;
    }
    living.sort(
        Comparator.comparingInt(FakeDeployments::rank)
            .thenComparingInt(FakeDeployments::cost)
            // What is left open: the oldest first, which are those in use.
            .thenComparing(it -> it.getMetadata().getName()));
    for (; count > wanted; count--) {
      String victim = living.remove(0).getMetadata().getName();
      taken.add(victim);
      client.pods().inNamespace(FakeCluster.NAMESPACE).withName(victim).delete();
    }
    report(deployment, count, refusal);
  }

  private static int rank(Pod pod) {
    PodState state = new PodState(pod);
    if (state.node().isEmpty()) {
      return 0;
    }
    return state.phase().isEmpty() || state.phase().equals("Pending") ? 1 : state.isReady() ? 3 : 2;
  }

  private static int cost(Pod pod) {
    Map<String, String> annotations = pod.getMetadata().getAnnotations();
    return annotations == null ? 0 : Integer.parseInt(annotations.getOrDefault(COST, "0"));
  }

  private @Nullable String make(Deployment deployment) {
    PodTemplateSpec template = deployment.getSpec().getTemplate();
    Pod pod =
        new PodBuilder()
            .withNewMetadata()
            .withName(deployment.getMetadata().getName() + "-" + (10_000 + pods.incrementAndGet()))
            .withLabels(template.getMetadata().getLabels())
            .addToLabels(ScaledDeployment.HASH, HASH)
            .addNewOwnerReference()
            .withApiVersion("apps/v1")
            .withKind("ReplicaSet")
            .withName(deployment.getMetadata().getName() + "-" + HASH)
            .withUid(deployment.getMetadata().getName())
            .withController(true)
            .endOwnerReference()
            .endMetadata()
            .withNewSpecLike(template.getSpec())
            .withNodeName("fake-node")
            .endSpec()
            .build();
    try {
      Pod unused = client.pods().inNamespace(FakeCluster.NAMESPACE).resource(pod).create();
      return null;
    } catch (KubernetesClientException e) {
      return e.getStatus() == null ? e.getMessage() : e.getStatus().getMessage();
    }
  }

  private void report(Deployment deployment, int replicas, @Nullable String refusal) {
    DeploymentStatusBuilder status =
        new DeploymentStatusBuilder()
            .withObservedGeneration(deployment.getMetadata().getGeneration())
            .withReplicas(replicas);
    if (refusal != null) {
      status
          .addNewCondition()
          .withType("ReplicaFailure")
          .withStatus("True")
          .withReason("FailedCreate")
          .withMessage(refusal)
          .endCondition();
    }
    DeploymentStatus now = status.build();
    if (!now.equals(deployment.getStatus())) {
      client
          .apps()
          .deployments()
          .inNamespace(FakeCluster.NAMESPACE)
          .withName(deployment.getMetadata().getName())
          .editStatus(it -> new DeploymentBuilder(it).withStatus(now).build());
    }
  }

  @Override
  public void close() {
    controller.shutdownNow();
  }
}
