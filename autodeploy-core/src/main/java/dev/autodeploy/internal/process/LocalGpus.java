package dev.autodeploy.internal.process;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.StartRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The GPUs of this machine: those that were configured, or those that {@code nvidia-smi} lists. */
final class LocalGpus {
  private static final Logger LOG = LoggerFactory.getLogger(LocalGpus.class);
  private static final int SECONDS = 10;
  private static final long MIB = 1L << 20;
  private static final List<String> QUERY =
      List.of(
          "nvidia-smi",
          "--query-gpu=index,uuid,memory.total,name",
          "--format=csv,noheader,nounits");

  private final ProviderCapacity capacity;

  /** True if they were found by nvidia-smi, which can be asked again. */
  private final boolean listed;

  private LocalGpus(ProviderCapacity capacity, boolean listed) {
    this.capacity = capacity;
    this.listed = listed;
  }

  /** Finds out which there are; blocks while {@code nvidia-smi} runs. */
  static LocalGpus find(@Nullable List<ProviderCapacity.Gpu> configured) {
    if (configured != null && configured.stream().noneMatch(LocalGpus::lacksFacts)) {
      return new LocalGpus(ProviderCapacity.of(configured), false);
    }
    List<ProviderCapacity.Gpu> listed = parse(ask());
    if (configured != null) {
      return new LocalGpus(
          ProviderCapacity.of(configured.stream().map(gpu -> withFacts(gpu, listed)).toList()),
          false);
    }
    return new LocalGpus(
        listed.isEmpty() ? ProviderCapacity.unknown() : ProviderCapacity.of(listed),
        !listed.isEmpty());
  }

  private static boolean lacksFacts(ProviderCapacity.Gpu gpu) {
    return gpu.model().isEmpty() || gpu.memoryBytes() == 0;
  }

  /** Adds to a GPU what is listed of it and was not configured. */
  static ProviderCapacity.Gpu withFacts(
      ProviderCapacity.Gpu gpu, List<ProviderCapacity.Gpu> listed) {
    return listed.stream()
        .filter(it -> it.isKnownBy(gpu.id()))
        .findFirst()
        .map(
            it ->
                new ProviderCapacity.Gpu(
                    gpu.id(),
                    Stream.concat(gpu.names().stream(), it.names().stream()).distinct().toList(),
                    gpu.model().isEmpty() ? it.model() : gpu.model(),
                    gpu.memoryBytes() == 0 ? it.memoryBytes() : gpu.memoryBytes()))
        .orElse(gpu);
  }

  /** Refuses a share of a GPU where the GPUs are not known. */
  void check(DeploymentSpec spec) {
    if (!spec.gpu().isWhole() && capacity.gpus() == null) {
      throw new IllegalArgumentException(
          "deployment '"
              + spec.name()
              + "' asks for GPU memory, but the GPUs of this machine are not known, as it has no"
              + " nvidia-smi: name them with LocalProcessProvider.builder().gpu(\"0\", \"NVIDIA"
              + " L4\", \"24GiB\")");
    }
  }

  /** Returns which of an instance's GPUs this machine no longer has; asks nvidia-smi. */
  Optional<String> lost(List<String> gpus) {
    return listed && !gpus.isEmpty() ? lost(gpus, ask()) : Optional.empty();
  }

  /** A list without any GPU says only that there was no answer, unless it says why. */
  static Optional<String> lost(List<String> gpus, List<String> lines) {
    List<ProviderCapacity.Gpu> now = parse(lines);
    if (now.isEmpty()) {
      return lines.stream()
          .filter(line -> line.contains("Failed to initialize NVML") || line.contains("is lost"))
          .findFirst()
          .map(line -> "this machine has lost its GPUs; nvidia-smi says: " + PlainText.line(line));
    }
    return gpus.stream()
        .filter(id -> now.stream().noneMatch(gpu -> gpu.isKnownBy(id)))
        .findFirst()
        .map(id -> "GPU '" + id + "' is no longer in nvidia-smi's list");
  }

  ProviderCapacity capacity() {
    return capacity;
  }

  /** Refuses a start on GPUs that this machine does not have. */
  void check(StartRequest request) {
    List<ProviderCapacity.Gpu> gpus = capacity.gpus();
    if (gpus == null || !request.gpus().isEmpty()) {
      return;
    }
    for (String id : request.spec().gpu().ids()) {
      if (gpus.stream().noneMatch(gpu -> gpu.isKnownBy(id))) {
        throw new InstanceStartException(
            "this machine has no GPU '"
                + id
                + "'; it has: "
                + String.join(", ", gpus.stream().map(ProviderCapacity.Gpu::id).toList()));
      }
    }
  }

  /** Reads lines of index, UUID, MiB and name; others are passed over. */
  static List<ProviderCapacity.Gpu> parse(List<String> lines) {
    List<ProviderCapacity.Gpu> gpus = new ArrayList<>();
    for (String line : lines) {
      String[] parts = line.split(",", 4);
      if (parts.length == 4 && parts[1].strip().startsWith("GPU-")) {
        String uuid = parts[1].strip();
        gpus.add(
            new ProviderCapacity.Gpu(
                uuid, List.of(parts[0].strip(), uuid), parts[3].strip(), bytes(parts[2].strip())));
      }
    }
    return gpus;
  }

  private static long bytes(String mebibytes) {
    try {
      return Long.parseLong(mebibytes) * MIB;
    } catch (NumberFormatException e) { // some cards say [N/A]
      return 0;
    }
  }

  private static List<String> ask() {
    try {
      Process process = new ProcessBuilder(QUERY).redirectErrorStream(true).start();
      process.getOutputStream().close();
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        LOG.warn("nvidia-smi did not answer within {} s: the GPUs are not known", SECONDS);
        return List.of();
      }
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .toList();
    } catch (IOException e) { // no NVIDIA driver here
      return List.of();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }
}
