package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.RouteRule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RouteTest {

  @Test
  void rule_isReadFromItsField() {
    assertThat(rule(null)).isEqualTo(RouteRule.defaultRule());
    assertThat(rule("")).isEqualTo(RouteRule.defaultRule());
    assertThat(rule("scale-out")).isEqualTo(RouteRule.scaleOut());
    assertThat(rule("random")).isEqualTo(RouteRule.random());
    assertThat(rule("round-robin")).isEqualTo(RouteRule.roundRobin());
    assertThat(rule("voice-k3x9")).isEqualTo(RouteRule.instance("voice-k3x9"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Scale-Out", "voice 1", "../voice", "voice\u0000"})
  void rule_thatCanMatchNoInstance_isNone(String text) {
    assertThat(rule(text)).isNull();
  }

  @Test
  void path_isTheTargetWithoutItsQuery() {
    assertThat(new Route("voice", "/d/voice", "/v1/speak?text=a?b").path()).isEqualTo("/v1/speak");
    assertThat(new Route("voice", "/d/voice", "/v1/speak").path()).isEqualTo("/v1/speak");
    assertThat(new Route("voice", "/d/voice", "?a=b").path()).isEmpty();
  }

  @Test
  void sharesOrigin_onlyBelowAPrefix() {
    assertThat(new Route("voice", "/d/voice", "/").sharesOrigin()).isTrue();
    assertThat(new Route("voice", "", "/").sharesOrigin()).isFalse();
  }

  private static RouteRule rule(String text) {
    HttpHeaders headers = new HttpHeaders();
    if (text != null) {
      headers.add(Route.RULE, text);
    }
    return Route.rule(headers);
  }
}
