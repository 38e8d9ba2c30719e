package dev.autodeploy.examples.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class StandInOptionsTest {

  @Test
  void parse_nothing_listensOnLoopbackPort8080AtOnce() {
    assertThat(StandInOptions.parse(List.of(), Map.of()))
        .isEqualTo(
            new StandInOptions(
                "127.0.0.1", 8080, Duration.ZERO, false, Duration.ofSeconds(1), false));
  }

  @Test
  void parse_portInTheEnvironment_isTakenUnlessAnOptionSaysOtherwise() {
    Map<String, String> environment = Map.of("PORT", "9001");

    assertThat(StandInOptions.parse(List.of(), environment).port()).isEqualTo(9001);
    assertThat(StandInOptions.parse(List.of("--port", "9002"), environment).port()).isEqualTo(9002);
  }

  @Test
  void parse_host_isTaken() {
    assertThat(StandInOptions.parse(List.of("--host", "0.0.0.0"), Map.of()).host())
        .isEqualTo("0.0.0.0");
  }

  @ParameterizedTest
  @CsvSource({"500ms,500", "2s,2000", "1.5s,1500", "1m,60000", "0s,0"})
  void parse_startDelay_isTakenInItsUnit(String text, long millis) {
    assertThat(StandInOptions.parse(List.of("--start-delay", text), Map.of()).startDelay())
        .hasMillis(millis);
  }

  @ParameterizedTest
  @CsvSource({
    "--start-delay,2,such as 2s",
    "--start-delay,-1s,such as 2s",
    "--start-delay,61m,at most 60m",
    "--port,65536,0 to 65535",
    "--port,http,0 to 65535",
    "--wait,1,unknown option --wait"
  })
  void parse_badValue_isRefusedWithWhatIsAllowed(String option, String value, String advice) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> StandInOptions.parse(List.of(option, value), Map.of()))
        .withMessageContaining(option)
        .withMessageContaining(advice);
  }

  @Test
  void parse_badPortInTheEnvironment_isRefusedByItsName() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> StandInOptions.parse(List.of(), Map.of("PORT", "x")))
        .withMessageContaining("PORT is 'x'");
  }

  @Test
  void parse_optionWithoutItsValue_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> StandInOptions.parse(List.of("--port"), Map.of()))
        .withMessageContaining("--port needs a value");
  }
}
