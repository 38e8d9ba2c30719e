package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SleepModeStepTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "/sleep",
        "/sleep?level=1",
        "/sleep#x",
        "/SLEEP/",
        "//sleep",
        "/./sleep",
        "/v1/../sleep",
        "/../sleep",
        "/%73leep",
        "/%2e%2E/sleep",
        "/v1%2f..%2fsleep",
        "/v1\\..\\sleep",
        "/sleep;v=1",
        "/;v=1/sleep"
      })
  void path_thatAServerMayTakeForAnother_isTheSame(String target) {
    assertThat(SleepModeStep.plain(target)).isEqualTo("/sleep");
  }

  @Test
  void path_thatIsAnother_isNot() {
    assertThat(SleepModeStep.plain("/v1/sleep")).isEqualTo("/v1/sleep");
    assertThat(SleepModeStep.plain("/%2573leep")).isEqualTo("/%73leep"); // decoded once
    assertThat(SleepModeStep.plain("/sleep%3F")).isEqualTo("/sleep?");
    assertThat(SleepModeStep.plain("/100%")).isEqualTo("/100%");
    assertThat(SleepModeStep.plain("/")).isEqualTo("/");
  }
}
