package dev.autodeploy.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.autodeploy.internal.policy.AdaptiveIdlePolicies;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The plans of the adaptive policy for gaps of plain shapes, each with a start of a minute. */
final class AdaptiveIdlePolicyTest {
  private final AdaptiveIdlePolicy policy = IdlePolicy.adaptive().waitValue(7);

  private record History(List<Duration> recentGaps, List<Duration> recentStartDurations)
      implements UsageHistory {

    @Override
    public String deployment() {
      return "voice";
    }
  }

  private static History gaps(int... seconds) {
    return new History(
        IntStream.of(seconds).mapToObj(Duration::ofSeconds).toList(),
        List.of(Duration.ofSeconds(60)));
  }

  private static long timeout(AdaptiveIdlePolicy of, UsageHistory history) {
    return of.idleTimeout(history).orElseThrow().toSeconds();
  }

  @Test
  void fewGaps_areNoReasonToLeaveFiveMinutes() {
    assertThat(timeout(policy, gaps())).isEqualTo(300);
    assertThat(timeout(policy, gaps(40, 3000))).isEqualTo(300);
    assertThat(timeout(policy, gaps(1, 2, 3, 1, 2, 3, 4, 40, 40))).isEqualTo(300);
    assertThat(policy.prewarm(gaps(3000, 3000))).isEmpty();
    assertThat(policy.explain(gaps(3000, 3000))).contains("5 min 0 s, until three gaps");
  }

  @Test
  void gapsThatEndBeforeTheTimeout_makeItShorter() {
    assertThat(timeout(policy, gaps(40, 41, 42, 43, 44, 45, 40, 41))).isBetween(45L, 50L);
  }

  @Test
  void gapsALittleLonger_areWaitedFor_whereAColdStartIsDearer() {
    History history = gaps(330, 350, 340, 345, 335, 320, 350, 340);
    assertThat(timeout(policy.prewarm(false), history)).isBetween(350L, 362L);
    assertThat(timeout(policy.prewarm(false).waitValue(0), history)).isZero();
  }

  @Test
  void nightsBetweenBursts_areNotWaitedFor() {
    List<Duration> mixed = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      mixed.add(Duration.ofSeconds(i % 10 == 9 ? 40_000 + 900L * i : 20));
    }
    assertThat(timeout(policy, new History(mixed, List.of(Duration.ofSeconds(60)))))
        .isBetween(20L, 30L);
  }

  @Test
  void timer_isStartedAheadOf() {
    History everyHour = gaps(3600, 3601, 3599, 3600, 3602, 3600, 3600, 3600);

    assertThat(timeout(policy, everyHour)).isZero();
    Prewarm prewarm = policy.prewarm(everyHour).orElseThrow();
    Duration readyAt = prewarm.after().plusSeconds(60);
    assertThat(readyAt).isLessThan(Duration.ofSeconds(3599));
    assertThat(readyAt.plus(prewarm.keep())).isGreaterThan(Duration.ofSeconds(3602));
    assertThat(prewarm.keep()).isLessThan(Duration.ofMinutes(5));
    assertThat(policy.explain(everyHour)).contains("released after 0 s, and started ahead 5");

    assertThat(policy.prewarm(false).prewarm(everyHour)).isEmpty();
  }

  @Test
  void burstsOfATimer_areServedByOneInstance_thatIsGoneInBetween() {
    List<Duration> bursts = new ArrayList<>();
    for (int i = 0; i < 80; i++) {
      bursts.add(Duration.ofSeconds(i % 8 == 7 ? 1800 : 3));
    }
    History history = new History(bursts, List.of(Duration.ofSeconds(60)));

    assertThat(timeout(policy, history)).isBetween(3L, 10L);
    assertThat(policy.prewarm(history)).isPresent();
  }

  @Test
  void gapsWithoutAPattern_areNotStartedAheadOf() {
    History history = gaps(400, 900, 2000, 5000, 700, 12_000, 3000, 30_000, 1200, 8000);
    assertThat(policy.prewarm(history)).isEmpty();
  }

  @Test
  void bounds_hold() {
    AdaptiveIdlePolicy bounded = policy.between(Duration.ofMinutes(2), Duration.ofMinutes(4));
    assertThat(timeout(bounded, gaps(1, 1, 1, 31, 31, 31, 31))).isEqualTo(120);
    assertThat(timeout(bounded, gaps())).isEqualTo(240);
    assertThat(timeout(bounded, gaps(500, 510, 505, 500, 502))).isBetween(120L, 240L);
  }

  @Test
  void expectedCost_isThatOfTheFormula() {
    // E[min(gap, T)] + P(gap > T) * S * (1 + w), and two gaps that were not seen yet.
    String text = policy.prewarm(false).explain(gaps(40, 40, 40, 40, 40, 40, 40, 40));
    double timeout = 40 * 1.02 + 2;
    double expected = (8 * 40 + 2 * (timeout + 60 * (1 + 7))) / 10;
    double shown = Double.parseDouble(text.replaceAll(".*expected to cost (\\d+) s.*", "$1"));
    assertThat(shown).isCloseTo(expected, within(1.0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "adaptive",
        "adaptive waitValue=4.5",
        "adaptive waitValue=2 shortest=PT1M longest=PT2H prewarm=off"
      })
  void text_isReadAgain(String text) {
    AdaptiveIdlePolicy read = AdaptiveIdlePolicies.parse(text);
    assertThat(read).hasToString(text).isEqualTo(AdaptiveIdlePolicies.parse(text));
    assertThat(AdaptiveIdlePolicies.parse("PT5M")).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "adaptive x",
        "adaptive waitValue=many",
        "adaptive waitValue=-1",
        "adaptive waitValue=NaN",
        "adaptive prewarm=maybe",
        "adaptive shortest=5",
        "adaptive shortest=PT2H",
        "adaptive longest=-PT1S"
      })
  void wrongText_isRefused(String text) {
    assertThatThrownBy(() -> AdaptiveIdlePolicies.parse(text))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
