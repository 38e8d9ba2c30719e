package dev.autodeploy.docker;

import dev.autodeploy.internal.text.PlainText;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads what {@code nvidia-smi} prints. */
final class NvidiaSmi {
  private static final Pattern GPU = Pattern.compile("GPU (\\d+): (.*?) \\(UUID: (GPU-[^)]+)\\)");
  private static final Pattern MIG =
      Pattern.compile("\\s+MIG (\\S+)\\s+Device\\s+(\\d+): \\(UUID: (MIG-[^)]+)\\)");

  /** The arguments for a list of GPUs and their slices. */
  static final List<String> LIST = List.of("-L");

  /** The arguments for the memory of each GPU, in MiB; slices are not in that list. */
  static final List<String> MEMORY =
      List.of("--query-gpu=uuid,memory.total", "--format=csv,noheader,nounits");

  private static final Pattern MEMORY_OF = Pattern.compile("(GPU-[^, ]+)\\s*,\\s*(\\d{1,9})");

  private NvidiaSmi() {}

  /** Adds the memory that was printed to the GPUs that it is of. */
  static List<Gpu> withMemory(List<Gpu> gpus, List<String> lines) {
    Map<String, Long> memory = new HashMap<>();
    for (String line : lines) {
      Matcher matcher = MEMORY_OF.matcher(PlainText.line(line).strip());
      if (matcher.matches()) {
        memory.put(matcher.group(1), Long.parseLong(matcher.group(2)) << 20);
      }
    }
    return gpus.stream()
        .map(gpu -> gpu.with(gpu.model(), memory.getOrDefault(gpu.id(), gpu.memoryBytes())))
        .toList();
  }

  /** A GPU that is cut into slices is not listed itself: only its slices can be given away. */
  static List<Gpu> parse(List<String> lines) {
    List<Gpu> gpus = new ArrayList<>();
    Gpu whole = null;
    boolean sliced = false;
    for (String printed : lines) {
      String line = PlainText.line(printed);
      Matcher gpu = GPU.matcher(line);
      Matcher mig = MIG.matcher(line);
      if (gpu.matches()) {
        if (whole != null && !sliced) {
          gpus.add(whole);
        }
        whole = new Gpu(gpu.group(3), List.of(gpu.group(3), gpu.group(1)), gpu.group(2));
        sliced = false;
      } else if (mig.matches() && whole != null) {
        sliced = true;
        String index = whole.names().get(1) + ":" + mig.group(2);
        String model = whole.model() + " MIG " + mig.group(1);
        gpus.add(new Gpu(mig.group(3), List.of(mig.group(3), index), model));
      }
    }
    if (whole != null && !sliced) {
      gpus.add(whole);
    }
    return gpus;
  }
}
