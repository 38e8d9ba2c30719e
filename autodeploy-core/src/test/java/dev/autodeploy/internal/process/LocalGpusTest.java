package dev.autodeploy.internal.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The tests of what nvidia-smi's list says of the GPUs of an instance. */
class LocalGpusTest {
  private static final List<String> BOTH =
      List.of("0, GPU-a, 24564, NVIDIA L4", "1, GPU-b, 24564, NVIDIA L4");

  @Test
  void gpuThatLeftTheList_isLost() {
    assertThat(LocalGpus.lost(List.of("GPU-a", "1"), BOTH)).isEmpty();
    assertThat(LocalGpus.lost(List.of("GPU-a", "1"), BOTH.subList(0, 1)))
        .hasValue("GPU '1' is no longer in nvidia-smi's list");
  }

  @Test
  void emptyList_isNoAnswer_unlessItSaysWhy() {
    assertThat(LocalGpus.lost(List.of("0"), List.of())).isEmpty();
    assertThat(LocalGpus.lost(List.of("0"), List.of("nvidia-smi: killed"))).isEmpty();
    assertThat(LocalGpus.lost(List.of("0"), List.of("Failed to initialize NVML: Unknown Error")))
        .hasValueSatisfying(what -> assertThat(what).endsWith("NVML: Unknown Error"));
  }

  @Test
  void configuredGpus_areNotAskedFor() {
    assertThat(LocalGpus.find(List.of("0")).lost(List.of("0"))).isEmpty();
  }
}
