package dev.autodeploy.internal.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.CostLine;
import dev.autodeploy.Money;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PageTextTest {
  private static final List<String> HOURS =
      List.of(
          "[\"voice\",null,\"ann\",\"USD\"]",
          "490896 0 0.25 0.000000001 0 0 0 1800 0.5 0 3.000000001",
          "490897 0.1 0 0 0 0 12.25 0 0 0 0 takenOver");

  @Test
  void hours_areReadColumnByColumn() {
    List<CostLine> lines = PageText.readHours(HOURS);

    assertThat(lines).hasSize(2);
    CostLine first = lines.get(0);
    assertThat(first.deployment()).isEqualTo("voice");
    assertThat(first.gpuModel()).isNull();
    assertThat(first.caller()).isEqualTo("ann");
    assertThat(first.from()).isEqualTo(Instant.parse("2026-01-01T00:00:00Z"));
    assertThat(first.to()).isEqualTo(Instant.parse("2026-01-01T01:00:00Z"));
    assertThat(first.starting()).isEqualTo(Money.of("0", "USD"));
    assertThat(first.busy()).isEqualTo(Money.of("0.25", "USD"));
    assertThat(first.idle()).isEqualTo(Money.of("0.000000001", "USD"));
    assertThat(first.busyTime()).isEqualTo(Duration.ofMinutes(30));
    assertThat(first.idleTime()).isEqualTo(Duration.ofMillis(500));
    assertThat(first.releasingTime()).isEqualTo(Duration.ofSeconds(3, 1));
    assertThat(first.takenOver()).isFalse();
    assertThat(lines.get(1).startingTime()).isEqualTo(Duration.ofMillis(12_250));
    assertThat(lines.get(1).takenOver()).isTrue();
  }

  @Test
  void pageOfAnEarlierVersion_hasNoDays() {
    assertThat(PageText.readDays(HOURS)).isEmpty();
  }
}
