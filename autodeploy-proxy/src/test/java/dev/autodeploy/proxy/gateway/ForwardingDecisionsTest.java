package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tests of what is decided about a request on its way, without moving a byte. */
final class ForwardingDecisionsTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private final ExchangeDeadlines deadlines =
      new ExchangeDeadlines(SECOND, 10 * SECOND, 5 * SECOND, 60 * SECOND);

  @Test
  void heldRequest_isOverdueASecondAfterItsDeadline() {
    assertThat(passed(Phase.HELD, 0, Relay.NOT_WAITING, 12 * SECOND)).isNull();
    assertThat(passed(Phase.HELD, 0, Relay.NOT_WAITING, 12 * SECOND + 1))
        .isEqualTo(AbortReason.HOLD_OVERDUE);
  }

  @Test
  void forwardedRequest_isGivenUpWhenTheInstanceIsSilent() {
    assertThat(passed(Phase.FORWARDED, 20 * SECOND, Relay.NOT_WAITING, 25 * SECOND)).isNull();
    assertThat(passed(Phase.FORWARDED, 20 * SECOND, Relay.NOT_WAITING, 25 * SECOND + 1))
        .isEqualTo(AbortReason.RESPONSE_TIMEOUT);
  }

  @Test
  void response_isGivenUpOnlyWhileTheInstanceIsWaitedFor() {
    assertThat(passed(Phase.RESPONDING, 0, Relay.NOT_WAITING, 99 * SECOND)).isNull();
    assertThat(passed(Phase.RESPONDING, 0, 94 * SECOND, 99 * SECOND)).isNull();
    assertThat(passed(Phase.RESPONDING, 0, 94 * SECOND, 99 * SECOND + 1))
        .isEqualTo(AbortReason.RESPONSE_TIMEOUT);
    assertThat(passed(Phase.DONE, 0, 0, 99 * SECOND)).isNull();
  }

  @Test
  void exchange_isOverdueOnceAnInstanceHasHadItForTooLong() {
    for (Phase phase : new Phase[] {Phase.FORWARDED, Phase.RESPONDING}) {
      long now = 100 * SECOND;
      assertThat(deadlines.passed(phase, 40 * SECOND, now, now, now)).isNull();
      assertThat(deadlines.passed(phase, 40 * SECOND - 1, now, now, now))
          .isEqualTo(AbortReason.EXCHANGE_OVERDUE);
      assertThat(deadlines.passed(phase, Relay.NOT_WAITING, now, now, now)).isNull();
    }
  }

  @ParameterizedTest
  @CsvSource({"100, 0, true", "100, 25, true", "100, 26, false", "110, 35, true", "100, 99, false"})
  void instance_isToBlameForARequestIfItHadMostOfTheTimeToItself(
      long had, long client, boolean blamed) {
    Duration max = Duration.ofSeconds(100);
    assertThat(ExchangeDeadlines.instanceToBlame(had * SECOND, client * SECOND, max))
        .isEqualTo(blamed);
    assertThat(ExchangeDeadlines.instanceToBlame(had * SECOND, client * SECOND, null)).isFalse();
  }

  @Test
  void timeLeft_isNeverLessThanAMillisecond() {
    assertThat(deadlines.leftNanos(4 * SECOND)).isEqualTo(7 * SECOND);
    assertThat(deadlines.leftNanos(11 * SECOND)).isEqualTo(1_000_000);
    assertThat(deadlines.leftNanos(99 * SECOND)).isEqualTo(1_000_000);
  }

  @ParameterizedTest
  @CsvSource({
    "GET, false, 0, true",
    "GET, false, 1, true",
    "GET, false, 2, false",
    "PUT, false, 0, true",
    "PUT, true, 0, false",
    "POST, false, 0, false",
    "PATCH, false, 0, false"
  })
  void replay_isAllowedTwiceAndOnlyWhereItDoesNoHarm(
      String method, boolean bodyRead, int replays, boolean allowed) {
    assertThat(ReplayRule.allows(head(method, new HttpHeaders()), bodyRead, replays))
        .isEqualTo(allowed);
  }

  @Test
  void upgrade_isPassedOnUnlessItAsksForHttp2() {
    assertThat(Upgrade.asked(head("GET", upgrade("websocket")))).isEqualTo("websocket");
    assertThat(Upgrade.asked(head("GET", upgrade("h2c")))).isNull();
    assertThat(Upgrade.asked(head("GET", new HttpHeaders().add("Upgrade", "x")))).isNull();
    assertThat(Upgrade.asked(head("GET", new HttpHeaders().add("Connection", "upgrade")))).isNull();
  }

  @Test
  void requestThatNoInstanceHas_isNoExchangeThatIsOverdue() {
    long now = 11 * SECOND;
    assertThat(deadlines.passed(Phase.HELD, now - 99 * SECOND, now, now, now)).isNull();
    assertThat(deadlines.passed(Phase.DONE, now - 99 * SECOND, now, now, now)).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "FORWARDED, 30, 30, false",
    "FORWARDED, 29, 30, true",
    "RESPONDING, 29, 30, true",
    "RESPONDING, 30, 30, false",
    "HELD, 29, 30, false",
    "DONE, 29, 30, false",
    "FORWARDED, 29, , false"
  })
  void request_isOverdueOnlyWhileAnInstanceHasIt(
      Phase phase, long since, @Nullable Long max, boolean overdue) {
    Duration longest = max == null ? null : Duration.ofSeconds(max);
    assertThat(ExchangeDeadlines.requestOverdue(phase, since * SECOND, longest, 60 * SECOND))
        .isEqualTo(overdue);
    assertThat(ExchangeDeadlines.requestOverdue(phase, Relay.NOT_WAITING, longest, 60 * SECOND))
        .isFalse();
  }

  private AbortReason passed(Phase phase, long since, long waiting, long now) {
    return deadlines.passed(phase, Relay.NOT_WAITING, since, waiting, now);
  }

  private static HttpHeaders upgrade(String protocol) {
    return new HttpHeaders().add("Connection", "keep-alive, Upgrade").add("Upgrade", protocol);
  }

  private static RequestHead head(String method, HttpHeaders headers) {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    return new RequestHead(method, "/", "HTTP/1.1", headers, 0, address, address, false);
  }
}
