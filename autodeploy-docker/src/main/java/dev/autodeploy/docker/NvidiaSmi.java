package dev.autodeploy.docker;

import dev.autodeploy.internal.text.PlainText;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads what {@code nvidia-smi -L} prints. */
final class NvidiaSmi {
  private static final Pattern GPU = Pattern.compile("GPU (\\d+): (.*?) \\(UUID: (GPU-[^)]+)\\)");
  private static final Pattern MIG =
      Pattern.compile("\\s+MIG (\\S+)\\s+Device\\s+(\\d+): \\(UUID: (MIG-[^)]+)\\)");

  private NvidiaSmi() {}

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
