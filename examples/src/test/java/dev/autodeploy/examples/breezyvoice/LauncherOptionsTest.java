package dev.autodeploy.examples.breezyvoice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LauncherOptionsTest {

  @Test
  void noOptions_giveTheDefaults() {
    LauncherOptions options = LauncherOptions.parse(List.of());

    assertThat(options)
        .isEqualTo(
            new LauncherOptions(
                8000,
                8001,
                null,
                false,
                Duration.ofMinutes(5),
                Money.of("0.49", "USD"),
                null,
                Duration.ZERO,
                LauncherOptions.Provider.LOCAL,
                null,
                null,
                "breezyvoice:standin",
                null,
                GpuRequest.none(),
                false));
  }

  @Test
  void aPriceThatWouldFillTheMemory_isRefused() {
    for (String amount : List.of("1e999999999", "1e-999999999")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> LauncherOptions.parse(List.of("--price-per-hour", amount)))
          .withMessageContaining("--price-per-hour is '" + amount + "'");
    }
  }

  @Test
  void everyOption_isRead() {
    LauncherOptions options =
        LauncherOptions.parse(
            List.of(
                "--port",
                "0",
                "--page-port",
                "8100",
                "--link-ports",
                "20000-20999",
                "--front",
                "netty",
                "--idle-timeout",
                "3s",
                "--price-per-hour",
                "1.20",
                "--state",
                "x",
                "--start-delay",
                "1.5s",
                "--help"));

    assertThat(options)
        .isEqualTo(
            new LauncherOptions(
                0,
                8100,
                new LauncherOptions.PortRange(20_000, 20_999),
                true,
                Duration.ofSeconds(3),
                Money.of("1.20", "USD"),
                Path.of("x"),
                Duration.ofMillis(1500),
                LauncherOptions.Provider.LOCAL,
                null,
                null,
                "breezyvoice:standin",
                null,
                GpuRequest.none(),
                true));
  }

  @Test
  void page_isNextToTheLink_unlessTheLinkIsAnywhere() {
    assertThat(LauncherOptions.parse(List.of("--port", "9000")).pagePort()).isEqualTo(9001);
    assertThat(LauncherOptions.parse(List.of("--port", "0")).pagePort()).isZero();
    assertThat(LauncherOptions.parse(List.of("--port", "65535")).pagePort()).isZero();
  }

  @Test
  void dockerOptions_areRead() {
    LauncherOptions options =
        LauncherOptions.parse(
            List.of("--provider", "docker", "--snapshot", "warm", "--gpus", "0,1"));

    assertThat(options.provider()).isEqualTo(LauncherOptions.Provider.DOCKER);
    assertThat(options.snapshot()).isEqualTo("warm");
    assertThat(options.gpus()).isEqualTo(GpuRequest.ids("0", "1"));
    assertThat(gpus("2")).isEqualTo(GpuRequest.count(2));
    assertThat(gpus("all")).isEqualTo(GpuRequest.all());
  }

  private static GpuRequest gpus(String text) {
    return LauncherOptions.parse(List.of("--provider", "docker", "--gpus", text)).gpus();
  }

  @ParameterizedTest
  @CsvSource({
    "--port, 65536, 0 to 65535",
    "--port, http, 0 to 65535",
    "--page-port, -1, 0 to 65535",
    "--page-port, 8000, one of its own",
    "--link-ports, 20000, such as 20000-20999",
    "--link-ports, 2-1, such as 20000-20999",
    "--link-ports, 0-1, such as 20000-20999",
    "--link-ports, 1-65536, such as 20000-20999",
    "--front, undertow, jdk and netty",
    "--idle-timeout, 3, a number and ms",
    "--idle-timeout, 25h, at most 1440m",
    "--price-per-hour, cheap, an amount",
    "--price-per-hour, -1, negative",
    "--start-delay, 2h, at most 60m",
    "--provider, cloud, 'local, docker and kubernetes'",
    "--image, x, go with --provider docker",
    "--scaling, a/b, goes with --provider kubernetes",
    "--ports, 8000, unknown option --ports"
  })
  void aWrongOption_isRefusedWithWhatIsWrong(String option, String value, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LauncherOptions.parse(List.of(option, value)))
        .withMessageContaining(option)
        .withMessageContaining(message);
  }

  @Test
  void aDeploymentOfTheCluster_saysWhatItsPodsAre() {
    assertThat(
            LauncherOptions.parse(List.of("--provider", "kubernetes", "--scaling", "speech/voice"))
                .scaling())
        .isEqualTo("speech/voice");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                LauncherOptions.parse(
                    List.of(
                        "--provider", "kubernetes", "--scaling", "speech/voice", "--image", "x")))
        .withMessageContaining("--image does not go with --scaling");
  }

  @Test
  void anOptionWithoutItsValue_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LauncherOptions.parse(List.of("--port")))
        .withMessage("--port needs a value");
  }
}
