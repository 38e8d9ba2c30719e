package dev.autodeploy.docker;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Mount;
import java.util.List;

/** Checks specifications when they are deployed, before anything is started. Thread-safe. */
final class SpecCheck {
  private final DockerHost host;
  private final GpuInventory inventory;

  SpecCheck(DockerHost host, GpuInventory inventory) {
    this.host = host;
    this.inventory = inventory;
  }

  /** Throws an {@link IllegalArgumentException} if instances can never be started here. */
  void check(DeploymentSpec spec) {
    if (spec.image() == null && spec.snapshot() == null) {
      throw new IllegalArgumentException(
          "deployment '" + spec.name() + "' needs an image or a snapshot to start from");
    }
    for (Mount mount : spec.mounts()) {
      if (!mount.source().startsWith("/") && mount.source().matches("\\..*|.*/.*")) {
        throw new IllegalArgumentException(
            "a mount's source is an absolute path on the Docker host or a volume's name, but was '"
                + mount.source()
                + "'");
      }
    }
    if (!spec.gpu().isNone()) {
      checkGpus(spec.gpu());
    }
  }

  private void checkGpus(GpuRequest request) {
    DaemonInfo daemon = host.daemon();
    GpuAccess access = inventory.access();
    if (daemon.isPodman() && (access != GpuAccess.CDI || daemon.majorVersion() < 5)) {
      throw new IllegalArgumentException(
          "Podman "
              + daemon.version()
              + " ignores GPU requests: the instance would run without a GPU; use Docker, or Podman"
              + " 5 or newer with CDI and builder().gpus(\"nvidia.com/gpu=0\")");
    }
    if (access == GpuAccess.AMD_DEVICES && request.count() != GpuRequest.ALL) {
      throw new IllegalArgumentException(
          "AMD's device nodes give an instance all GPUs or none: ask for GpuRequest.all(), or use"
              + " CDI");
    }
    List<Gpu> known = inventory.known();
    if (known != null && request.count() > known.size()) {
      throw new IllegalArgumentException(
          "the Docker host has "
              + known.size()
              + " GPUs, but each instance asks for "
              + request.count());
    }
  }
}
