package dev.autodeploy.kubernetes;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Mount;
import dev.autodeploy.spi.InstanceStartException;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.SecurityContextBuilder;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The pod of an instance, filled in from its specification. */
final class PodMaker {
  /** The name of the service's container. */
  static final String CONTAINER = "service";

  /** The directory of the heartbeat in a pod. */
  static final String HEARTBEAT_DIRECTORY = "/run/autodeploy";

  /** The port of a service whose specification names none; passed to it as {@code PORT}. */
  private static final int DEFAULT_SERVICE_PORT = 8080;

  private static final Duration MIN_GRACE = Duration.ofSeconds(10);
  private static final String LOST = "node.kubernetes.io/";

  /** The capabilities of the runtime's default that services do not need. */
  private static final List<String> DROPPED =
      List.of("AUDIT_WRITE", "MKNOD", "NET_RAW", "SETFCAP", "SETPCAP", "SYS_CHROOT");

  private final KubernetesSettings settings;
  private final DeploymentSpec spec;
  private final PodLabels labels;
  private final @Nullable OwnerReference owner;
  private final List<Volume> volumes = new ArrayList<>();
  private final List<VolumeMount> mounts = new ArrayList<>();

  PodMaker(
      KubernetesSettings settings,
      DeploymentSpec spec,
      PodLabels labels,
      @Nullable OwnerReference owner) {
    this.settings = settings;
    this.spec = spec;
    this.labels = labels;
    this.owner = owner;
  }

  static int port(DeploymentSpec spec) {
    return spec.port() == 0 ? DEFAULT_SERVICE_PORT : spec.port();
  }

  /** Returns whether the pods of a specification look for heartbeats. */
  static boolean withHeartbeat(KubernetesSettings settings, DeploymentSpec spec) {
    return settings.life().withHeartbeats() && spec.startCommand() != null;
  }

  /** Makes the pod; the customizer has the last word, but not on what identifies it. */
  Pod make() {
    List<Mount> all = spec.mounts();
    for (int i = 0; i < all.size(); i++) {
      mount("mount-" + i, all.get(i));
    }
    sharedMemory();
    if (labels.heartbeat()) {
      volumes.add(
          new VolumeBuilder()
              .withName("autodeploy")
              .withNewConfigMap()
              .withName(Names.ofOwner(labels.owner()))
              .endConfigMap()
              .build());
      mounts.add(mounted("autodeploy", HEARTBEAT_DIRECTORY, true));
    }
    Container container = container();
    KubernetesSettings.Placement placement = settings.placement();
    Map<String, String> nodes = new LinkedHashMap<>(placement.nodeSelector());
    if (!spec.gpu().isNone()) {
      nodes.putAll(NodeGpus.selector(settings.gpus(), spec.gpu().model()));
    }
    Duration deadline = settings.life().activeDeadline();
    Pod pod =
        new PodBuilder()
            .withNewMetadata()
            .withName(labels.name())
            .withLabels(labels.labels())
            .withAnnotations(labels.annotations())
            .withOwnerReferences(owner == null ? List.of() : List.of(owner))
            .endMetadata()
            .withNewSpec()
            .withRestartPolicy("Never")
            .withEnableServiceLinks(false)
            .withTerminationGracePeriodSeconds(grace().toSeconds())
            .withActiveDeadlineSeconds(deadline == null ? null : deadline.toSeconds())
            .withNodeSelector(nodes.isEmpty() ? null : nodes)
            .withTolerations(tolerations())
            .withRuntimeClassName(placement.runtimeClass())
            .withPriorityClassName(placement.priorityClass())
            .withServiceAccountName(placement.serviceAccount())
            .withAutomountServiceAccountToken(placement.serviceAccount() != null)
            .withImagePullSecrets(
                placement.pullSecrets().stream().map(LocalObjectReference::new).toList())
            .withContainers(container)
            .withVolumes(volumes)
            .endSpec()
            .build();
    return identified(customized(pod));
  }

  private Duration grace() {
    return spec.releaseGrace().compareTo(MIN_GRACE) < 0 ? MIN_GRACE : spec.releaseGrace();
  }

  private Container container() {
    ContainerBuilder container =
        new ContainerBuilder()
            .withName(CONTAINER)
            .withImage(spec.image())
            .withImagePullPolicy(settings.placement().pullPolicy())
            .withWorkingDir(spec.workingDirectory())
            .addNewPort()
            .withContainerPort(labels.port())
            .endPort()
            .withEnv(environment())
            .withVolumeMounts(mounts)
            .withResources(resources().build())
            .withSecurityContext(security());
    if (!spec.environment().isEmpty()) {
      container.addNewEnvFrom().withNewSecretRef(labels.name(), false).endEnvFrom();
    }
    if (spec.startCommand() != null) {
      List<String> command = List.of("/bin/sh", "-c", spec.startCommand());
      if (labels.heartbeat()) {
        command =
            HeartbeatScript.wrap(
                command,
                HEARTBEAT_DIRECTORY + "/" + OwnerHeartbeat.KEY,
                settings.life().heartbeatTimeout(),
                grace());
      }
      container.withCommand(literally(command));
    } else if (!spec.arguments().isEmpty()) {
      container.withArgs(literally(spec.arguments()));
    }
    return container.build();
  }

  /** Kubernetes replaces $(NAME) and $$ in commands, which a shell means otherwise. */
  private static List<String> literally(List<String> words) {
    return words.stream().map(word -> word.replace("$", "$$")).toList();
  }

  private List<EnvVar> environment() {
    List<EnvVar> environment = new ArrayList<>();
    if (spec.port() == 0) {
      environment.add(
          new EnvVarBuilder().withName("PORT").withValue(String.valueOf(labels.port())).build());
    }
    if (spec.gpu().isNone()) {
      // Where NVIDIA's runtime is the default, an image would get all GPUs by its own variable.
      environment.add(
          new EnvVarBuilder().withName("NVIDIA_VISIBLE_DEVICES").withValue("void").build());
    }
    environment.removeIf(variable -> spec.environment().containsKey(variable.getName()));
    return environment;
  }

  private ResourceRequirementsBuilder resources() {
    ResourceRequirementsBuilder resources = new ResourceRequirementsBuilder();
    if (spec.memoryBytes() != null) {
      resources.addToLimits("memory", new Quantity(String.valueOf(spec.memoryBytes())));
    }
    if (spec.cpus() != null) {
      resources.addToLimits("cpu", new Quantity(Math.round(spec.cpus() * 1000) + "m"));
    }
    if (!spec.gpu().isNone()) {
      resources.addToLimits(
          settings.gpus().resource(), new Quantity(String.valueOf(spec.gpu().count())));
    }
    return resources;
  }

  private SecurityContext security() {
    KubernetesSettings.Rights rights = settings.rights();
    return new SecurityContextBuilder()
        .withAllowPrivilegeEscalation(rights.newPrivileges())
        .withReadOnlyRootFilesystem(rights.readOnlyRoot() ? true : null)
        .withRunAsUser(rights.user())
        .withNewCapabilities()
        .withDrop(DROPPED)
        .endCapabilities()
        .withNewSeccompProfile()
        .withType("RuntimeDefault")
        .endSeccompProfile()
        .build();
  }

  /** Returns the tolerations of the settings, and how long a node may be silent. */
  private List<Toleration> tolerations() {
    List<Toleration> all = new ArrayList<>(settings.placement().tolerations());
    long seconds = settings.life().nodeLossTimeout().toSeconds();
    for (String taint : List.of("not-ready", "unreachable")) {
      if (all.stream().noneMatch(it -> (LOST + taint).equals(it.getKey()))) {
        all.add(new Toleration("NoExecute", LOST + taint, "Exists", seconds, null));
      }
    }
    return all;
  }

  private void mount(String name, Mount mount) {
    VolumeBuilder volume = new VolumeBuilder().withName(name);
    volumes.add(
        mount.source().startsWith("/")
            ? volume.withNewHostPath().withPath(mount.source()).endHostPath().build()
            : volume
                .withNewPersistentVolumeClaim()
                .withClaimName(mount.source())
                .withReadOnly(mount.readOnly())
                .endPersistentVolumeClaim()
                .build());
    mounts.add(mounted(name, mount.target(), mount.readOnly()));
  }

  private void sharedMemory() {
    Long bytes = spec.sharedMemoryBytes();
    if (bytes == null && !spec.gpu().isNone()) {
      bytes = settings.gpus().sharedMemory();
    }
    if (bytes != null) {
      volumes.add(
          new VolumeBuilder()
              .withName("shared-memory")
              .withNewEmptyDir()
              .withMedium("Memory")
              .withSizeLimit(new Quantity(String.valueOf(bytes)))
              .endEmptyDir()
              .build());
      mounts.add(mounted("shared-memory", "/dev/shm", false));
    }
    if (settings.rights().readOnlyRoot()) {
      volumes.add(new VolumeBuilder().withName("tmp").withNewEmptyDir().endEmptyDir().build());
      mounts.add(mounted("tmp", "/tmp", false));
    }
  }

  private static VolumeMount mounted(String name, String path, boolean readOnly) {
    return new VolumeMountBuilder()
        .withName(name)
        .withMountPath(path)
        .withReadOnly(readOnly ? true : null)
        .build();
  }

  /** A failure of the customizer is the application's own, and is told as that. */
  private Pod customized(Pod pod) {
    PodCustomizer customizer = settings.customizer();
    if (customizer == null) {
      return pod;
    }
    Pod result;
    try {
      result = customizer.customize(pod, spec, labels.instanceId());
    } catch (RuntimeException e) {
      throw new InstanceStartException(
          "the customizer of this application's Kubernetes provider failed: " + e, null, e);
    }
    if (result == null) {
      throw new InstanceStartException(
          "the customizer of this application's Kubernetes provider returned null; it has to return"
              + " the pod");
    }
    return result;
  }

  private Pod identified(Pod pod) {
    return new PodBuilder(pod)
        .editOrNewMetadata()
        .withName(labels.name())
        .withGenerateName(null)
        .withNamespace(null)
        .addToLabels(labels.labels())
        .addToAnnotations(labels.annotations())
        .endMetadata()
        .editOrNewSpec()
        .withRestartPolicy("Never")
        .endSpec()
        .build();
  }
}
