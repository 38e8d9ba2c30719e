package dev.autodeploy.docker;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Mount;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Checks specifications when they are deployed, before anything is started. Thread-safe. */
final class ContainerSpecCheck {
  private static final List<Path> SOCKETS =
      Stream.of(
              "/var/run/docker.sock",
              "/run/docker.sock",
              "/run/containerd/containerd.sock",
              "/run/podman/podman.sock")
          .map(Path::of)
          .toList();

  private final DockerHost host;
  private final GpuInventory inventory;

  ContainerSpecCheck(DockerHost host, GpuInventory inventory) {
    this.host = host;
    this.inventory = inventory;
  }

  /** Throws an {@link IllegalArgumentException} if instances can never be started here. */
  void check(DeploymentSpec spec) {
    if (spec.image() == null && spec.snapshot() == null) {
      throw new IllegalArgumentException(
          "deployment '" + spec.name() + "' needs an image or a snapshot to start from");
    }
    if (spec.image() != null && !ImageName.parse(spec.image()).isLowerCase()) {
      throw new IllegalArgumentException(
          "the name of an image has no capital letters, but was '"
              + spec.image()
              + "': write it as 'docker images' shows it");
    }
    for (Mount mount : spec.mounts()) {
      if (!mount.source().startsWith("/") && mount.source().matches("\\..*|.*/.*")) {
        throw new IllegalArgumentException(
            "a mount's source is an absolute path on the Docker host or a volume's name, but was '"
                + mount.source()
                + "'");
      }
    }
    if (host.reach().kind() == Reach.Kind.HOST && spec.port() != 0 && spec.maxInstances() > 1) {
      throw new IllegalArgumentException(
          "deployment '"
              + spec.name()
              + "' may have "
              + spec.maxInstances()
              + " instances, but on network(\"host\") only one can listen on port "
              + spec.port()
              + ": set port(0), and let the service listen on the port in its environment variable"
              + " PORT");
    }
    if (!host.settings().containers().dockerSocket()) {
      spec.mounts().forEach(this::checkNoSocket);
    }
    if (!spec.gpu().isNone()) {
      checkGpus(spec.gpu());
    }
  }

  /** Refuses the socket and directories that hold it: its user is root of the host. */
  private void checkNoSocket(Mount mount) {
    if (!mount.source().startsWith("/")) {
      return;
    }
    List<Path> sources = new ArrayList<>(List.of(Path.of(mount.source()).normalize()));
    List<Path> sockets = new ArrayList<>(SOCKETS);
    if (host.client().address().isUnix()) {
      sockets.add(host.client().address().socket());
      sources.add(real(sources.get(0)));
      List.copyOf(sockets).forEach(socket -> sockets.add(real(socket)));
    }
    for (Path source : sources) {
      for (Path socket : sockets) {
        if (socket.startsWith(source)) {
          throw new IllegalArgumentException(
              "the mount of '"
                  + mount.source()
                  + "' would give the container the socket "
                  + socket
                  + ", and with it this host; mount what the service needs, or allow it with"
                  + " dockerSocket(true)");
        }
      }
    }
  }

  /** Follows links; a path that is not on this machine stays as it is. */
  private static Path real(Path path) {
    try {
      return path.toRealPath();
    } catch (IOException e) {
      return path;
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
