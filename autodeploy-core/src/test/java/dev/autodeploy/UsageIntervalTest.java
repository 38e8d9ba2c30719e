package dev.autodeploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.Currency;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The parts of an instance's time: starting, busy, idle, releasing; and money. */
final class UsageIntervalTest {

  @Test
  void parts_addUpToTheWhole() {
    UsageInterval usage = usage(20L, 100L, 110, 30);

    assertThat(usage.duration()).isEqualTo(seconds(110));
    assertThat(usage.starting()).isEqualTo(seconds(20));
    assertThat(usage.busy()).isEqualTo(seconds(30));
    assertThat(usage.idle()).isEqualTo(seconds(50));
    assertThat(usage.releasing()).isEqualTo(seconds(10));
  }

  @Test
  void neverReady_wasStartingUntilItsReleaseOrItsEnd() {
    assertThat(usage(null, 100L, 110, 0).starting()).isEqualTo(seconds(100));
    assertThat(usage(null, 100L, 110, 0).idle()).isZero();
    assertThat(usage(null, null, 110, 0).starting()).isEqualTo(seconds(110));
    assertThat(usage(null, null, 110, 0).releasing()).isZero();
  }

  @Test
  void moments_afterTheEnd_countUpToTheEnd() {
    UsageInterval usage = usage(20L, 200L, 110, 0);
    assertThat(usage.releasing()).isZero();
    assertThat(usage.idle()).isEqualTo(seconds(90));
    assertThat(usage(150L, null, 110, 0).starting()).isEqualTo(seconds(110));
  }

  @Test
  void moments_beforeTheStart_countForNothing() {
    UsageInterval usage = usage(-20L, null, 110, 0);
    assertThat(usage.starting()).isZero();
    assertThat(usage.idle()).isEqualTo(seconds(110));
  }

  @Test
  void moreBusyThanThereWasTime_isNoNegativeIdleTime() {
    assertThat(usage(20L, 100L, 110, 1000).idle()).isZero();
  }

  @Test
  void until_itsEndOrLater_isTheWholeInterval() {
    UsageInterval usage = usage(20L, 100L, 110, 30);

    assertThat(usage.until(at(110))).isSameAs(usage);
    assertThat(usage.until(at(111))).isSameAs(usage);
    assertThat(usage.until(at(109))).isNotSameAs(usage);
  }

  @Test
  void until_aMoment_endsThereAndKnowsOnlyWhatWasBefore() {
    UsageInterval usage = usage(20L, 100L, 110, 30);

    assertThat(usage.until(at(105))).isEqualTo(openUsage(20L, 100L, 105, 30));
    assertThat(usage.until(at(100))).isEqualTo(openUsage(20L, 100L, 100, 30));
    assertThat(usage.until(at(99))).isEqualTo(openUsage(20L, null, 99, 30));
    assertThat(usage.until(at(20))).isEqualTo(openUsage(20L, null, 20, 0));
    assertThat(usage.until(at(19))).isEqualTo(openUsage(null, null, 19, 0));
    assertThat(usage.until(at(0))).isEqualTo(openUsage(null, null, 0, 0));
    assertThat(usage.until(at(-1))).isEqualTo(openUsage(null, null, 0, 0));
  }

  @Test
  void until_whenItWasReady_hasItsBusyTimeFirst() {
    UsageInterval usage = usage(20L, null, 110, 30);

    assertThat(usage.until(at(49)).busy()).isEqualTo(seconds(29));
    assertThat(usage.until(at(50)).busy()).isEqualTo(seconds(30));
    assertThat(usage.until(at(51)).busy()).isEqualTo(seconds(30));
    assertThat(usage(null, null, 110, 30).until(at(50)).busy()).isZero();
  }

  @Test
  void nonsense_isRefusedWithItsValues() {
    assertThatThrownBy(() -> usage(null, null, -1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("endedAt");
    assertThatThrownBy(() -> usage(null, null, 1, -1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("busy");
  }

  @Test
  void money_isAddedOnlyWithinOneCurrency() {
    Money dollars = Money.of("0.49", "USD");
    assertThat(dollars.plus(Money.of("0.02", "USD"))).isEqualTo(Money.of("0.51", "USD"));
    assertThatThrownBy(() -> dollars.plus(Money.zero(Currency.getInstance("EUR"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("EUR");
  }

  @Test
  void money_isShownPlainlyAndRoundedHalfUp() {
    assertThat(Money.of("1E+2", "USD")).hasToString("100 USD");
    assertThat(Money.of("0.125", "USD").rounded(2)).hasToString("0.13 USD");
  }

  @Test
  void money_ofNonsense_isRefused() {
    assertThatThrownBy(() -> Money.of("a lot", "USD"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'a lot'");
    assertThatThrownBy(() -> Money.of("1", "DOLLARS"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'DOLLARS'");
  }

  private static UsageInterval usage(
      @Nullable Long ready, @Nullable Long release, long end, long busy) {
    return usage(ready, release, end, busy, false);
  }

  private static UsageInterval openUsage(
      @Nullable Long ready, @Nullable Long release, long end, long busy) {
    return usage(ready, release, end, busy, true);
  }

  private static UsageInterval usage(
      @Nullable Long ready, @Nullable Long release, long end, long busy, boolean open) {
    UsageInterval.Builder usage =
        UsageInterval.builder("voice", "i-1", at(0))
            .readyAt(at(ready))
            .releaseRequestedAt(at(release))
            .busy(seconds(busy));
    return (open ? usage.openUntil(at(end)) : usage.endedAt(at(end))).build();
  }

  private static Instant at(long second) {
    return Instant.EPOCH.plusSeconds(1000 + second);
  }

  private static @Nullable Instant at(@Nullable Long second) {
    return second == null ? null : at(second.longValue());
  }

  private static Duration seconds(long seconds) {
    return Duration.ofSeconds(seconds);
  }
}
