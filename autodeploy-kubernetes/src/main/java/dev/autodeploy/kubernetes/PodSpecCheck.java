package dev.autodeploy.kubernetes;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Mount;
import dev.autodeploy.internal.probe.Probes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Checks specifications when they are deployed, before anything is started. Thread-safe. */
final class PodSpecCheck {
  private static final Logger LOG = LoggerFactory.getLogger(PodSpecCheck.class);

  private final KubernetesSettings settings;

  PodSpecCheck(KubernetesSettings settings) {
    this.settings = settings;
  }

  /** Throws an {@link IllegalArgumentException} if instances can never be started here. */
  void check(DeploymentSpec spec) {
    if (spec.snapshot() != null) {
      throw refused(
          spec,
          "has a snapshot, which are of Docker; push the snapshot's image to a registry and give it"
              + " as image(...)");
    }
    if (spec.image() == null) {
      throw refused(spec, "needs an image to start from");
    }
    GpuRequest gpu = spec.gpu();
    if (!gpu.ids().isEmpty()) {
      throw refused(
          spec,
          "asks for GPUs by id, but in Kubernetes the scheduler chooses them; ask for"
              + " GpuRequest.count(n), with .model(...) if it matters");
    }
    if (gpu.count() == GpuRequest.ALL) {
      throw refused(
          spec, "asks for all GPUs, which Kubernetes cannot give; ask for GpuRequest.count(n)");
    }
    if (!gpu.isWhole()) {
      throw refused(
          spec,
          "asks for a part of a GPU's memory, which Kubernetes does not count; ask for"
              + " GpuRequest.count(n) of a resource for slices, as by gpuResource(\"nvidia.com/mig-1g.10gb\")");
    }
    if (spec.maxProcesses() != null) {
      throw refused(
          spec,
          "limits the number of processes, which Kubernetes does for all pods of a node"
              + " (podPidsLimit of the kubelet); leave maxProcesses out");
    }
    if (Probes.asksForHealth(spec.readiness())) {
      throw refused(
          spec,
          "waits for the image's health check, which Kubernetes ignores; use another readiness"
              + " probe, such as ReadinessProbe.http(...)");
    }
    for (Mount mount : spec.mounts()) {
      check(spec, mount);
    }
    if (settings.life().withHeartbeats() && spec.startCommand() == null) {
      LOG.warn(
          "Deployment '{}' has no start command, so its pods run without heartbeats: {}",
          spec.name(),
          settings.life().activeDeadline() == null
              ? "nothing ends them if every engine of this owner is gone for good; set"
                  + " activeDeadline(...), or a startCommand(...)"
              : "they end after " + settings.life().activeDeadline() + " in any case");
    }
  }

  private void check(DeploymentSpec spec, Mount mount) {
    if (mount.source().startsWith("/")) {
      if (!settings.placement().hostPaths()) {
        throw refused(
            spec,
            "mounts the directory '"
                + mount.source()
                + "' of its node, and with it a part of that machine; mount a"
                + " PersistentVolumeClaim by its name, or allow it with hostPaths(true)");
      }
    } else if (!mount.source().matches("[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")) {
      throw refused(
          spec,
          "mounts '" + mount.source() + "', which is not the name of a PersistentVolumeClaim");
    }
  }

  private static IllegalArgumentException refused(DeploymentSpec spec, String words) {
    return new IllegalArgumentException("deployment '" + spec.name() + "' " + words);
  }
}
