package dev.autodeploy.internal.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.CostLine;
import dev.autodeploy.Money;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SumTextTest {
  private static final List<String> HOURS =
      List.of(
          "[\"voice\",null,\"ann\",\"USD\"]",
          "490896 0 0.25 0.000000001 0 0 0 1800 0.5 0 3.000000001",
          "490897 0.1 0 0 0 0 12.25 0 0 0 0 takenOver");

  @Test
  void hours_areReadColumnByColumn() {
    List<CostLine> lines = SumText.hours(HOURS, CostAlignment.FULL_HOUR, hour -> true);

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
  void hours_thatAreNotWanted_areLeftOut() {
    long second = Instant.parse("2026-01-01T01:00:00Z").getEpochSecond();

    List<CostLine> lines = SumText.hours(HOURS, CostAlignment.FULL_HOUR, hour -> hour == second);

    assertThat(lines).extracting(CostLine::startingTime).containsExactly(Duration.ofMillis(12_250));
  }

  @Test
  void hoursFromHalfPast_beginThere() {
    List<CostLine> lines = SumText.hours(HOURS, CostAlignment.HALF_PAST, hour -> true);

    assertThat(lines)
        .extracting(CostLine::from)
        .containsExactly(
            Instant.parse("2026-01-01T00:30:00Z"), Instant.parse("2026-01-01T01:30:00Z"));
  }

  @Test
  void pageOfAnEarlierVersion_hasDaysAndHours() {
    List<String> both = new ArrayList<>(List.of("[\"x\",null,null,\"EUR\"]"));
    both.add("d20454 0 1 0 0 0 0 60 0 0 0");
    both.addAll(HOURS);

    List<CostLine> days = SumText.days(both, CostAlignment.FULL_HOUR);

    assertThat(days).extracting(CostLine::deployment).containsExactly("x");
    assertThat(days.get(0).from()).isEqualTo(Instant.parse("2026-01-01T00:00:00Z"));
    assertThat(days.get(0).to()).isEqualTo(Instant.parse("2026-01-02T00:00:00Z"));
    assertThat(SumText.hours(both, CostAlignment.FULL_HOUR, hour -> true))
        .isEqualTo(SumText.hours(HOURS, CostAlignment.FULL_HOUR, hour -> true));
  }

  @Test
  void amountsOfAnySize_areExact() {
    for (String amount :
        List.of(
            "123456789012345678901234567890.123456789012345678901",
            "9223372036854775807",
            "9223372036854775808",
            "0.9223372036854775808",
            "922337203685477580.79",
            "-0.25",
            "1000")) {
      List<String> page =
          List.of("[\"x\",null,null,\"EUR\"]", "5 " + amount + " 0 0 0 0 1 0 0 0 0");

      List<CostLine> lines = SumText.hours(page, CostAlignment.FULL_HOUR, hour -> true);

      assertThat(lines.get(0).starting().amount()).isEqualTo(new BigDecimal(amount));
      assertThat(lines.get(0).startingTime()).isEqualTo(Duration.ofSeconds(1));
    }
  }
}
