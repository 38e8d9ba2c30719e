package dev.autodeploy.examples.breezyvoice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.spi.ProviderCatalog;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StartHintsTest {
  private static final List<ProviderCatalog.Gpu> ONE_GPU =
      List.of(new ProviderCatalog.Gpu("0", "L4", ""));

  @Test
  void missingImage_isTold() {
    assertThat(hints(List.of("other:latest", "my-breezyvoice:standin"), List.of()))
        .containsExactly(
            "There is no image breezyvoice:standin yet: run examples/breezyvoice-image first.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"breezyvoice:standin", "localhost/breezyvoice:standin"})
  void imageThatIsThere_isNoMatter(String image) {
    assertThat(hints(List.of(image), List.of())).isEmpty();
  }

  @Test
  void anotherImageOrASnapshot_isNotLookedFor() {
    assertThat(hints(List.of(), List.of(), "--image", "breezyvoice:latest")).isEmpty();
    assertThat(hints(List.of(), List.of(), "--snapshot", "warm")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "all"})
  void gpusThatNobodyKnows_areTold(String gpus) {
    List<String> images = List.of("breezyvoice:standin");

    assertThat(hints(images, List.of(), "--gpus", gpus))
        .singleElement()
        .asString()
        .contains("leave out --gpus, or name ids: --gpus 0 or");
    assertThat(hints(images, ONE_GPU, "--gpus", gpus)).isEmpty();
    assertThat(hints(images, List.of(), "--gpus", "0")).isEmpty();
  }

  private static List<String> hints(
      List<String> images, List<ProviderCatalog.Gpu> gpus, String... options) {
    List<String> arguments =
        Stream.concat(Stream.of("--provider", "docker"), Stream.of(options)).toList();
    return StartHints.of(
        LauncherOptions.parse(arguments), new ProviderCatalog(images, List.of(), gpus));
  }
}
