package dev.autodeploy.docker;

import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.DeviceRequest;
import com.github.dockerjava.api.model.HostConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The GPUs that the daemon's host has: those that were configured, those that the daemon discovered
 * by CDI, or those that {@code nvidia-smi} lists in a container of the user's own image, into which
 * NVIDIA's hook puts it.
 */
final class GpuInventory {
  private static final Logger LOG = LoggerFactory.getLogger(GpuInventory.class);
  private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(20);
  private static final int PROBE_LINES = 1000;

  private final DaemonClient client;
  private final DockerSettings settings;
  private final DaemonInfo daemon;
  private final ReentrantLock lock = new ReentrantLock();

  /** Written under the lock, which a question keeps for as long as the daemon takes. */
  private volatile @Nullable List<Gpu> found;

  GpuInventory(DaemonClient client, DockerSettings settings, DaemonInfo daemon) {
    this.client = client;
    this.settings = settings;
    this.daemon = daemon;
  }

  GpuAccess access() {
    if (settings.gpus().access() != GpuAccess.AUTO) {
      return settings.gpus().access();
    }
    boolean named = settings.gpus().named().stream().anyMatch(gpu -> gpu.id().contains("="));
    boolean discovered = !discovered().isEmpty() && settings.gpus().named().isEmpty();
    return named || discovered ? GpuAccess.CDI : GpuAccess.NVIDIA_HOOK;
  }

  /** Returns what is known without starting anything; null if nothing is. */
  @Nullable List<Gpu> known() {
    if (!settings.gpus().named().isEmpty()) {
      return settings.gpus().named();
    }
    if (access() == GpuAccess.CDI) {
      return discovered();
    }
    return found;
  }

  /** Returns what is known, asking the GPUs' own tool if need be; null if it cannot be told. */
  @Nullable List<Gpu> find(String image, String owner, String instanceId) {
    List<Gpu> known = known();
    if (known != null || access() != GpuAccess.NVIDIA_HOOK) {
      return known;
    }
    lock.lock();
    try {
      if (found == null) {
        List<Gpu> listed = ask(image, owner, instanceId);
        found = listed.isEmpty() ? null : listed;
      }
      return found;
    } finally {
      lock.unlock();
    }
  }

  /** Removes what a process of this owner left of its questions. */
  void removeLeftovers(String owner) {
    client.list(Map.of(Labels.PROBE, owner)).stream()
        .filter(GpuInventory::isProbe)
        .forEach(container -> client.remove(container.getId()));
  }

  /** Labels alone prove nothing: a container has those of its image too. */
  private static boolean isProbe(Container container) {
    String name = "/" + probeName(container.getLabels().getOrDefault(Labels.INSTANCE, ""));
    return container.getNames() != null && List.of(container.getNames()).contains(name);
  }

  private static String probeName(String instanceId) {
    return "autodeploy-probe-" + instanceId;
  }

  private List<Gpu> ask(String image, String owner, String instanceId) {
    List<Gpu> gpus = NvidiaSmi.parse(printed(image, owner, instanceId, NvidiaSmi.LIST));
    if (gpus.isEmpty()) {
      return gpus;
    }
    List<Gpu> found =
        NvidiaSmi.withMemory(gpus, printed(image, owner, instanceId, NvidiaSmi.MEMORY));
    LOG.info("The Docker host has {} GPUs: {}", found.size(), found);
    return found;
  }

  /** Returns the lines that nvidia-smi prints in a container of an image; none without it. */
  private List<String> printed(
      String image, String owner, String instanceId, List<String> arguments) {
    String doing = "listing the GPUs of the Docker host with " + image;
    HostConfig host =
        HostConfig.newHostConfig()
            .withNetworkMode("none")
            .withLogConfig(ContainerCreation.LOGS)
            .withDeviceRequests(
                List.of(
                    new DeviceRequest()
                        .withDriver("")
                        .withCount(-1)
                        .withCapabilities(List.of(List.of("gpu", "utility")))));
    ContainerRights.DEFAULT.applyTo(host);
    String container =
        client.create(
            doing,
            image,
            cmd ->
                cmd.withName(probeName(instanceId))
                    .withHostConfig(host)
                    .withLabels(Map.of(Labels.PROBE, owner, Labels.INSTANCE, instanceId))
                    .withEntrypoint("nvidia-smi")
                    .withCmd(arguments));
    try {
      client.start(doing, container);
      long deadline = System.nanoTime() + PROBE_TIMEOUT.toNanos();
      while (new ContainerState(client.inspect(container)).isRunning()
          && System.nanoTime() < deadline) {
        Thread.sleep(20);
      }
      return client.logs(container, PROBE_LINES);
    } catch (DockerDaemonException e) {
      if (e.problem() == DockerProblem.COMMAND_NOT_FOUND) {
        return List.of();
      }
      throw e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw DockerDaemonException.of(doing, e);
    } finally {
      client.remove(container);
    }
  }

  private List<Gpu> discovered() {
    List<Gpu> gpus = new ArrayList<>();
    for (String kind : List.of("nvidia.com/gpu", "amd.com/gpu")) {
      daemon.cdiDevices(kind).forEach(id -> gpus.add(Gpu.of(id)));
    }
    return gpus;
  }
}
