package dev.autodeploy.internal.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.CostMeter;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Currency;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The tests of which price applies, and that it is pro rata to the nanosecond. */
final class CostMetersTest {
  private static final Currency USD = Currency.getInstance("USD");
  private static final GpuRequest NO_GPU = GpuRequest.none();
  private static final GpuRequest T4 = GpuRequest.count(1).model("T4");

  private final CostMeter meter =
      new CostMeters.Hourly(
          USD,
          Map.of("voice", new BigDecimal("9")),
          Map.of("T4", new BigDecimal("2")),
          new BigDecimal("1"),
          Duration.ZERO,
          Duration.ZERO);

  @Test
  void price_ofTheDeployment_goesBeforeAllOthers() {
    assertThat(amount("voice", T4, Duration.ofHours(1))).isEqualByComparingTo("9");
  }

  @Test
  void price_ofTheGpuModel_countsEachGpu() {
    assertThat(amount("other", T4, Duration.ofHours(1))).isEqualByComparingTo("2");
    assertThat(amount("other", GpuRequest.count(3).model("T4"), Duration.ofHours(1)))
        .isEqualByComparingTo("6");
    assertThat(amount("other", GpuRequest.ids("0", "7").model("T4"), Duration.ofHours(1)))
        .isEqualByComparingTo("4");
  }

  @Test
  void price_ofAllGpus_isAtLeastThatOfOne() {
    assertThat(amount("other", GpuRequest.all().model("T4"), Duration.ofHours(1)))
        .isEqualByComparingTo("2");
  }

  @Test
  void price_whereNoneIsNamed_isTheOtherOne() {
    assertThat(amount("other", NO_GPU, Duration.ofHours(1))).isEqualByComparingTo("1");
    assertThat(amount("other", GpuRequest.count(8), Duration.ofHours(1))).isEqualByComparingTo("1");
    assertThat(amount("other", GpuRequest.count(8).model("H100"), Duration.ofHours(1)))
        .isEqualByComparingTo("1");
  }

  @Test
  void cost_isProRataToTheNanosecond() {
    assertThat(amount("other", NO_GPU, Duration.ofMinutes(90))).isEqualByComparingTo("1.5");
    assertThat(amount("other", NO_GPU, Duration.ZERO)).isEqualByComparingTo("0");
    assertThat(amount("other", NO_GPU, Duration.ofNanos(36))).isEqualByComparingTo("1E-11");
  }

  @Test
  void prices_areCopied() {
    Map<String, BigDecimal> prices = new HashMap<>();
    prices.put("voice", BigDecimal.ONE);
    Map<String, BigDecimal> models = new HashMap<>();
    CostMeters.Hourly hourly =
        new CostMeters.Hourly(USD, prices, models, BigDecimal.ZERO, Duration.ZERO, Duration.ZERO);
    prices.put("voice", BigDecimal.TEN);
    models.put("T4", BigDecimal.TEN);

    assertThat(hourly.cost(usage("voice", NO_GPU, Duration.ofHours(1))).amount())
        .isEqualByComparingTo("1");
    assertThat(hourly.cost(usage("other", T4, Duration.ofHours(1))).amount())
        .isEqualByComparingTo("0");
  }

  @Test
  void free_costsNothingInDollars() {
    Money cost = CostMeter.free().cost(usage("voice", T4, Duration.ofDays(1)));
    assertThat(cost.amount()).isEqualByComparingTo("0");
    assertThat(cost.currency()).isEqualTo(USD);
  }

  private BigDecimal amount(String deployment, GpuRequest gpu, Duration length) {
    Money cost = meter.cost(usage(deployment, gpu, length));
    assertThat(cost.currency()).isEqualTo(USD);
    return cost.amount();
  }

  static UsageInterval usage(String deployment, GpuRequest gpu, Duration length) {
    Instant start = Instant.EPOCH;
    return UsageInterval.builder(deployment, "i-1", start)
        .gpu(gpu)
        .readyAt(start)
        .openUntil(start.plus(length))
        .build();
  }
}
