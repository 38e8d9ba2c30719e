package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PathReadingTest {
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
    assertThat(PathReading.plain(target)).isEqualTo("/sleep");
  }

  @Test
  void path_thatIsAnother_isNot() {
    assertThat(PathReading.plain("/v1/sleep")).isEqualTo("/v1/sleep");
    assertThat(PathReading.plain("/%2573leep")).isEqualTo("/%73leep"); // decoded once
    assertThat(PathReading.plain("/sleep%3F")).isEqualTo("/sleep?");
    assertThat(PathReading.plain("/100%")).isEqualTo("/100%");
    assertThat(PathReading.plain("/")).isEqualTo("/");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/..",
        "/../b",
        "/a/../../b",
        "/%2e%2e/b",
        "/.%2E/b",
        "/..%2fb",
        "/..%5Cb",
        "/..;x=1/b",
        "/a;x/..//../b",
        "/.\\../b"
      })
  void path_thatLeadsOutOfItsLink_isNoticed(String target) {
    assertThat(PathReading.leavesRoot(target)).isTrue();
    assertThat(PathReading.hasDots(target)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/a/..",
        "/a/../b",
        "/./a",
        "/...",
        "/..a/b",
        "/a..b",
        "/%252e%252e/b",
        "/?/../..",
        "/a?x=../..",
        "/.well-known/x",
        "/group%2Fproject",
        "/100%"
      })
  void path_thatStaysInItsLink_isPassedOn(String target) {
    assertThat(PathReading.leavesRoot(target)).isFalse();
  }

  @Test
  void dots_areThoseOfWholeSegmentsOnly() {
    assertThat(PathReading.hasDots("/a/./b")).isTrue();
    assertThat(PathReading.hasDots("/a/%2e/b")).isTrue();
    assertThat(PathReading.hasDots("/a/.;x/b")).isTrue();
    assertThat(PathReading.hasDots("/.well-known/a%2etxt?x=/../")).isFalse();
  }
}
