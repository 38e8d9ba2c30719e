package dev.autodeploy.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class UserAgentsTest {

  @Test
  void matches_findsAPartOfTheUserAgent() {
    WakeRule rule = rule("(?i)bot|uptime");

    assertThat(rule.matches(from("UptimeRobot/2.0"))).isTrue();
    assertThat(rule.matches(from("curl/8"))).isFalse();
    assertThatThrownBy(() -> rule("(")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  @Timeout(60)
  void matches_ofAUserAgentMadeToBacktrack_ends() {
    WakeRule rule = rule("(.*a){25}$");

    assertThat(rule.matches(from("a".repeat(8000) + "!"))).isFalse();
  }

  @Test
  void readyMadeRules_areForMonitorsAndCrawlers_notForPeople() {
    String chrome =
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
            + " Safari/537.36";
    for (String agent :
        List.of(chrome, "curl/8.14.1", "OpenAI/Python 1.99", "python-requests/2.32", "axios/1.7")) {
      assertThat(Wake.monitors().matches(from(agent))).as(agent).isFalse();
      assertThat(Wake.crawlers().matches(from(agent))).as(agent).isFalse();
    }
    assertThat(Wake.monitors().matches(from("kube-probe/1.33"))).isTrue();
    assertThat(Wake.monitors().matches(from("Mozilla/5.0+(compatible; UptimeRobot/2.0)"))).isTrue();
    assertThat(
            Wake.crawlers()
                .matches(from("Mozilla/5.0 (compatible; Googlebot/2.1; +http://google.com/bot)")))
        .isTrue();
    assertThat(Wake.crawlers().matches(from("facebookexternalhit/1.1"))).isTrue();
  }

  @Test
  void paths_areExact_orAllBelow() {
    WakeRule rule = Wake.never("/health", "/heartbeat/*");
    for (String path : List.of("/health", "/heartbeat", "/heartbeat/", "/heartbeat/a/b")) {
      assertThat(rule.matches(to(path))).as(path).isTrue();
    }
    for (String path : List.of("/", "/health/", "/healthy", "/heartbeats", "/a/health")) {
      assertThat(rule.matches(to(path))).as(path).isFalse();
    }
    assertThatThrownBy(() -> Wake.on("health")).hasMessageContaining("begin with '/'");
    assertThatThrownBy(Wake::on).hasMessageContaining("at least one");
  }

  private static WakeRule rule(String regex) {
    return Wake.when(request -> true).userAgents(regex).answerStatus();
  }

  private static LinkRequest to(String path) {
    return new LinkRequest(
        "voice",
        "GET",
        path,
        name -> List.of(),
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 1),
        false);
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
