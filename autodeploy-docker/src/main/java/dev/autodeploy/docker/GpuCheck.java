package dev.autodeploy.docker;

import com.github.dockerjava.api.model.Container;
import dev.autodeploy.internal.text.PlainText;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A check that a container still has its GPUs, as far as {@code nvidia-smi} in it can tell, which
 * NVIDIA's hook puts there. A container without it is taken to be well.
 *
 * <p>A container loses them while its process goes on: the host's systemd takes the devices away
 * when it is told to reload, or a GPU falls off the bus.
 */
final class GpuCheck {
  private static final Logger LOG = LoggerFactory.getLogger(GpuCheck.class);
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final int LINES = 100;
  private static final byte[] COMMAND =
      "{\"AttachStdout\":true,\"AttachStderr\":true,\"Cmd\":[\"nvidia-smi\",\"-L\"]}"
          .getBytes(StandardCharsets.UTF_8);

  /**
   * The words that the driver's tools print, in whatever version, when a container has lost its
   * devices.
   */
  private static final List<String> LOST =
      List.of("Failed to initialize NVML", "GPU is lost", "No devices were found");

  private final DaemonClient client;

  /** The containers in which nvidia-smi hangs: more of it would only pile up. */
  private final Set<String> hanging = ConcurrentHashMap.newKeySet();

  GpuCheck(DaemonClient client) {
    this.client = client;
  }

  /** Returns what an instance has lost, or empty. */
  Optional<String> lost(String owner, String instanceId) {
    for (Container container : client.list(Map.of(Labels.INSTANCE, instanceId))) {
      Labels labels = Labels.of(container);
      if (labels != null
          && labels.isOf(owner, instanceId)
          && "running".equals(container.getState())
          && !hanging.contains(container.getId())) {
        return lost(container.getId(), labels.gpus());
      }
    }
    return Optional.empty();
  }

  private Optional<String> lost(String container, List<String> gpus) {
    long began = System.nanoTime();
    try {
      return in(client.run(container, COMMAND, LINES, TIMEOUT), gpus);
    } catch (DockerDaemonException e) {
      if (System.nanoTime() - began >= TIMEOUT.toNanos()) {
        hanging.add(container);
      }
      LOG.debug("The GPUs of {} could not be checked: {}", container, e.getMessage());
      return Optional.empty(); // which says nothing about the GPUs
    }
  }

  /** Reads what {@code nvidia-smi -L} printed in a container with these GPUs. */
  static Optional<String> in(List<String> printed, List<String> gpus) {
    for (String line : printed) {
      String plain = PlainText.line(line).strip();
      if (LOST.stream().anyMatch(plain::contains)) {
        return Optional.of("its container has lost its GPUs; nvidia-smi says: " + plain);
      }
    }
    List<Gpu> listed = NvidiaSmi.parse(printed);
    return gpus.stream()
        .filter(id -> id.startsWith("GPU-") || id.startsWith("MIG-"))
        .filter(id -> !listed.isEmpty() && listed.stream().noneMatch(gpu -> gpu.isKnownBy(id)))
        .findFirst()
        .map(id -> "GPU '" + id + "' is no longer among those in its container");
  }
}
