package dev.autodeploy.kubernetes;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.internal.probe.Probes;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.VersionInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks specifications of deployments whose instances are pods of other people's Deployments,
 * before anything is started. Thread-safe.
 */
final class ScaledCheck {
  private static final Logger LOG = LoggerFactory.getLogger(ScaledCheck.class);
  private static final AccessRights.Right PATCH_PODS = new AccessRights.Right("patch", "", "pods");
  private static final AccessRights.Right LIST_AUTOSCALERS =
      new AccessRights.Right("list", "autoscaling", "horizontalpodautoscalers");

  /** The first version whose ReplicaSets heed the deletion cost of pods without being told to. */
  private static final int CHOOSING_MINOR = 22;

  private final ScaledServices services;
  private final Cluster cluster;
  private final AccessRights own;
  private final Map<String, AccessRights> rights = new ConcurrentHashMap<>();
  private final Map<String, Boolean> choosing = new ConcurrentHashMap<>();

  ScaledCheck(ScaledServices services, Cluster cluster) {
    this.services = services;
    this.cluster = cluster;
    this.own = new AccessRights(cluster, cluster.namespace(), AccessRights.forBindings());
  }

  /** Returns the words for a deployment that has no Deployment in the cluster. */
  String unknown(String deployment) {
    return "deployment '"
        + deployment
        + "' has no Deployment in the cluster; name it by scaling(\""
        + deployment
        + "\", \"namespace/deployment\")";
  }

  /** Throws an {@link IllegalArgumentException} if instances can never be started here. */
  void check(DeploymentSpec spec) {
    ScaledDeployment scaled = services.of(spec.name());
    if (scaled == null) {
      throw new IllegalArgumentException(unknown(spec.name()));
    }
    checkIsOfTheManifest(spec, scaled);
    if (Probes.asksForHealth(spec.readiness())) {
      throw refused(
          spec,
          "waits for the image's health check, which Kubernetes ignores; use another readiness"
              + " probe, such as ReadinessProbe.http(...)");
    }
    own.check();
    rights(scaled).check();
    Deployment found;
    try {
      found = scaled.find();
    } catch (ClusterException e) {
      LOG.debug("{}", e.getMessage()); // the first start will tell
      return;
    }
    if (found == null) {
      throw refused(spec, "scales Deployment " + scaled.target() + ", which is not there");
    }
    checkGpus(spec, scaled, found);
    if (spec.maxInstances() > 1 && !mayChoose(scaled)) {
      throw refused(
          spec,
          "has "
              + spec.maxInstances()
              + " instances at most, but which pod of a Deployment goes is the ReplicaSet's choice."
              + " Give this application the right to patch pods in namespace "
              + scaled.target().namespace()
              + ", on Kubernetes 1."
              + CHOOSING_MINOR
              + " or newer, so that it can mark the one; or set maxInstances(1)");
    }
    checkNobodyElseScales(spec, scaled);
  }

  private static void checkIsOfTheManifest(DeploymentSpec spec, ScaledDeployment scaled) {
    List<String> said = new ArrayList<>();
    add(said, "image", spec.image() != null);
    add(said, "snapshot", spec.snapshot() != null);
    add(said, "startCommand", spec.startCommand() != null);
    add(said, "arguments", !spec.arguments().isEmpty());
    add(said, "environment", !spec.environment().isEmpty());
    add(said, "mount", !spec.mounts().isEmpty());
    add(said, "memoryBytes", spec.memoryBytes() != null);
    add(said, "cpus", spec.cpus() != null);
    add(said, "sharedMemoryBytes", spec.sharedMemoryBytes() != null);
    add(said, "maxProcesses", spec.maxProcesses() != null);
    add(said, "workingDirectory", spec.workingDirectory() != null);
    if (!said.isEmpty()) {
      throw refused(
          spec,
          "sets "
              + String.join(", ", said)
              + ", but what its pods are is said by Deployment "
              + scaled.target()
              + ", of which only the number of replicas is ours; leave that out");
    }
  }

  private static void add(List<String> said, String name, boolean isSaid) {
    if (isSaid) {
      said.add(name);
    }
  }

  /** The engine counts what the specification says, so that has to be what the pods have. */
  private void checkGpus(DeploymentSpec spec, ScaledDeployment scaled, Deployment found) {
    GpuRequest gpu = spec.gpu();
    int has =
        found.getSpec().getTemplate().getSpec().getContainers().stream()
            .filter(it -> it.getResources() != null && it.getResources().getLimits() != null)
            .map(it -> it.getResources().getLimits().get(cluster.settings().gpus().resource()))
            .filter(it -> it != null)
            .mapToInt(ScaledCheck::number)
            .sum();
    boolean counted =
        gpu.isNone() ? has == 0 : gpu.ids().isEmpty() && gpu.isWhole() && gpu.count() == has;
    if (!counted) {
      throw refused(
          spec,
          "asks for "
              + (gpu.isNone() ? "no GPUs" : gpu)
              + ", but each pod of Deployment "
              + scaled.target()
              + " has "
              + has
              + " "
              + cluster.settings().gpus().resource()
              + (has == 0 ? "; leave gpu(...) out" : "; set gpu(GpuRequest.count(" + has + "))"));
    }
  }

  private static int number(Quantity quantity) {
    return quantity.getNumericalAmount().intValue();
  }

  private void checkNobodyElseScales(DeploymentSpec spec, ScaledDeployment scaled) {
    if (!rights(scaled).has(LIST_AUTOSCALERS)) {
      return; // then its changes are told when they are seen
    }
    ScaleTarget target = scaled.target();
    cluster
        .call(
            "listing the autoscalers of " + target.namespace(),
            client ->
                client
                    .autoscaling()
                    .v1()
                    .horizontalPodAutoscalers()
                    .inNamespace(target.namespace())
                    .list()
                    .getItems())
        .stream()
        .filter(
            it ->
                "Deployment".equals(it.getSpec().getScaleTargetRef().getKind())
                    && target.name().equals(it.getSpec().getScaleTargetRef().getName()))
        .findFirst()
        .ifPresent(
            autoscaler -> {
              throw refused(
                  spec,
                  "scales Deployment "
                      + target
                      + ", which HorizontalPodAutoscaler '"
                      + autoscaler.getMetadata().getName()
                      + "' scales too; delete that one: there can be only one");
            });
  }

  /** Returns whether the pod that goes can be chosen: by right, and by the cluster's version. */
  boolean mayChoose(ScaledDeployment scaled) {
    return choosing.computeIfAbsent(
        scaled.target().namespace(),
        namespace -> rights(scaled).has(PATCH_PODS) && choosesByCost());
  }

  private boolean choosesByCost() {
    try {
      VersionInfo version =
          cluster.call("asking for the cluster's version", client -> client.getKubernetesVersion());
      return Integer.parseInt(version.getMajor()) > 1
          || Integer.parseInt(version.getMinor().replaceAll("\\D.*", "")) >= CHOOSING_MINOR;
    } catch (ClusterException | NumberFormatException e) {
      LOG.debug("The cluster's version is not known: {}", e.getMessage());
      return false;
    }
  }

  private AccessRights rights(ScaledDeployment scaled) {
    return rights.computeIfAbsent(
        scaled.target().namespace(),
        namespace ->
            new AccessRights(cluster, namespace, AccessRights.forScaling(cluster.reach())));
  }

  private static IllegalArgumentException refused(DeploymentSpec spec, String words) {
    return new IllegalArgumentException("deployment '" + spec.name() + "' " + words);
  }
}
