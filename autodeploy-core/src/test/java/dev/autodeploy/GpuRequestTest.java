package dev.autodeploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.internal.spec.SpecFingerprint;
import dev.autodeploy.internal.text.ByteSize;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests for a part of a GPU's memory. */
final class GpuRequestTest {
  private static final GpuRequest SIXTEEN = GpuRequest.memory("16GiB");

  @ParameterizedTest
  @CsvSource({
    "16GiB,17179869184,16GiB",
    "800 MiB,838860800,800MiB",
    "1.5gib,1610612736,1.5GiB",
    "24GB,24000000000,22.35GiB"
  })
  void memory_isReadAsPeopleWriteIt(String text, long bytes, String shown) {
    assertThat(GpuRequest.memory(text).memoryBytes()).isEqualTo(bytes);
    assertThat(ByteSize.format(bytes)).isEqualTo(shown);
  }

  @ParameterizedTest
  @ValueSource(strings = {"16", "GiB", "-1GiB", "16 bananas", ""})
  void memory_thatIsNone_isRefused(String text) {
    assertThatThrownBy(() -> GpuRequest.memory(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("16GiB");
  }

  @Test
  void memory_goesWithCountIdsAndModel_butNotWithAll() {
    assertThat(GpuRequest.ids("0").withMemory("1GiB").model("L4"))
        .isEqualTo(new GpuRequest(0, List.of("0"), "L4", 1L << 30));
    assertThat(SIXTEEN.isWhole()).isFalse();
    assertThat(GpuRequest.count(1).isWhole()).isTrue();
    assertThatThrownBy(() -> GpuRequest.all().withMemory("1GiB"))
        .hasMessageContaining("whoever asks for all has them whole");
    assertThatThrownBy(() -> GpuRequest.none().withMemory("1GiB"))
        .hasMessageContaining("number of GPUs or ids");
  }

  @Test
  void memory_isPartOfTheFingerprint_whichWithoutItIsWhatItWas() {
    DeploymentSpec whole = DeploymentSpec.builder("a").port(1).gpu(GpuRequest.count(1)).build();
    DeploymentSpec part = whole.toBuilder().gpu(SIXTEEN).build();
    assertThat(SpecFingerprint.of(part)).isNotEqualTo(SpecFingerprint.of(whole));
  }
}
