package dev.autodeploy.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class UserAgentRuleTest {

  @Test
  void matches_findsAPartOfTheUserAgent() {
    NoWakeRule rule = NoWakeRule.userAgents("(?i)bot|uptime");

    assertThat(rule.matches(from("UptimeRobot/2.0"))).isTrue();
    assertThat(rule.matches(from("curl/8"))).isFalse();
    assertThatThrownBy(() -> NoWakeRule.userAgents("("))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  @Timeout(60)
  void matches_ofAUserAgentMadeToBacktrack_ends() {
    NoWakeRule rule = NoWakeRule.userAgents("(.*a){25}$");

    assertThat(rule.matches(from("a".repeat(8000) + "!"))).isFalse();
  }

  private static LinkRequest from(String userAgent) {
    return new LinkRequest(
        "voice",
        "GET",
        "/",
        name -> name.equals("User-Agent") ? List.of(userAgent) : List.of(),
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 1),
        false);
  }
}
