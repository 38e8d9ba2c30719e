package dev.autodeploy.internal.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.spi.ProviderCapacity;
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
  void configuredGpu_hasTheFactsThatAreListedOfIt_unlessTheyAreConfiguredToo() {
    List<ProviderCapacity.Gpu> listed = LocalGpus.parse(BOTH);
    ProviderCapacity.Gpu found = LocalGpus.withFacts(ProviderCapacity.Gpu.named("1"), listed);
    assertThat(found.id()).isEqualTo("1");
    assertThat(found.isKnownBy("GPU-b")).isTrue();
    assertThat(found.model()).isEqualTo("NVIDIA L4");
    assertThat(found.memoryBytes()).isEqualTo(24564L << 20);
    ProviderCapacity.Gpu said = ProviderCapacity.Gpu.of("1", "Mine", "8GiB");
    assertThat(LocalGpus.withFacts(said, listed))
        .extracting(ProviderCapacity.Gpu::model, ProviderCapacity.Gpu::memoryBytes)
        .containsExactly("Mine", 8L << 30);
    assertThat(LocalGpus.withFacts(ProviderCapacity.Gpu.named("7"), listed).model()).isEmpty();
  }

  @Test
  void configuredGpus_areNotAskedFor() {
    assertThat(LocalGpus.find(List.of(ProviderCapacity.Gpu.named("0"))).lost(List.of("0")))
        .isEmpty();
  }
}
