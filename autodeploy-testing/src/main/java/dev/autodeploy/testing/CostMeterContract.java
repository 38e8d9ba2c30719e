package dev.autodeploy.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.CostMeter;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract that every {@link CostMeter} has to keep. Extend it in a test class of your own and
 * override {@link #meter()}, and {@link #deployments()} or {@link #gpus()} where prices depend on
 * them:
 *
 * <pre>{@code
 * class SpotPricesTest extends CostMeterContract {
 *   @Override
 *   protected CostMeter meter() {
 *     return new SpotPrices("USD");
 *   }
 * }
 * }</pre>
 */
@ExtendWith(BrokenPromise.class)
public abstract class CostMeterContract {
  private static final Instant START = Instant.parse("2026-01-31T23:59:58.123456789Z");

  private static final List<Duration> LENGTHS =
      List.of(
          Duration.ZERO,
          Duration.ofNanos(1),
          Duration.ofMillis(1),
          Duration.ofSeconds(1),
          Duration.ofSeconds(59, 999_999_999),
          Duration.ofMinutes(1),
          Duration.ofMinutes(61),
          Duration.ofHours(24),
          Duration.ofDays(365),
          Duration.ofDays(3650));

  /** For subclasses. */
  protected CostMeterContract() {}

  /**
   * Returns the meter under test.
   *
   * @return a meter; every call returns one with the same prices
   */
  protected abstract CostMeter meter();

  /**
   * Returns the names of deployments to ask for. Override it where they differ in price.
   *
   * @return the names
   */
  protected List<String> deployments() {
    return List.of("contract");
  }

  /**
   * Returns what GPUs to ask for. Override it where they differ in price.
   *
   * @return the GPU requests
   */
  protected List<GpuRequest> gpus() {
    return List.of(
        GpuRequest.none(),
        GpuRequest.count(1),
        GpuRequest.count(4).model("contract"),
        GpuRequest.ids("0", "1"),
        GpuRequest.all());
  }

  @DisplayName("All answers are in the one currency that the meter names.")
  @Test
  void cost_isInTheCurrencyOfTheMeter() {
    CostMeter meter = meter();
    forEachKind(
        (deployment, gpu) ->
            LENGTHS.forEach(
                length ->
                    assertThat(meter.cost(interval(deployment, gpu, length)).currency())
                        .isEqualTo(meter.currency())));
    assertThat(meter.currency()).isEqualTo(meter.currency());
  }

  @DisplayName("The same interval costs the same, asked once or again.")
  @Test
  void cost_ofTheSameInterval_isTheSame() {
    CostMeter meter = meter();
    forEachKind(
        (deployment, gpu) ->
            LENGTHS.forEach(
                length ->
                    assertThat(meter.cost(interval(deployment, gpu, length)))
                        .isEqualTo(meter.cost(interval(deployment, gpu, length)))));
  }

  @DisplayName("Nothing is free of charge backwards.")
  @Test
  void cost_isNeverNegative() {
    forEachKind(
        (deployment, gpu) ->
            LENGTHS.forEach(
                length ->
                    assertThat(amount(meter(), deployment, gpu, length))
                        .isGreaterThanOrEqualTo(BigDecimal.ZERO)));
  }

  @DisplayName("An instance that has only just been asked for has cost nothing yet.")
  @Test
  void cost_ofNoTime_isNothing() {
    forEachKind(
        (deployment, gpu) ->
            assertThat(amount(meter(), deployment, gpu, Duration.ZERO))
                .isEqualByComparingTo(BigDecimal.ZERO));
  }

  @DisplayName("A longer interval never costs less.")
  @Test
  void cost_ofALongerInterval_isNotLess() {
    CostMeter meter = meter();
    forEachKind(
        (deployment, gpu) -> {
          BigDecimal before = BigDecimal.ZERO;
          for (Duration length : LENGTHS) {
            BigDecimal amount = amount(meter, deployment, gpu, length);
            assertThat(amount).as("cost of " + length).isGreaterThanOrEqualTo(before);
            before = amount;
          }
        });
  }

  @DisplayName("The answer for an interval up to now is that for an interval that ended now.")
  @Test
  void cost_ofAnOpenInterval_isThatOfTheEndedOne() {
    CostMeter meter = meter();
    forEachKind(
        (deployment, gpu) -> {
          UsageInterval ended = interval(deployment, gpu, Duration.ofMinutes(7));
          UsageInterval open =
              UsageInterval.builder(deployment, ended.instanceId(), ended.startRequestedAt())
                  .gpu(gpu)
                  .readyAt(ended.readyAt())
                  .releaseRequestedAt(ended.releaseRequestedAt())
                  .openUntil(ended.endedAt())
                  .busy(ended.busy())
                  .build();
          assertThat(meter.cost(open)).isEqualTo(meter.cost(ended));
        });
  }

  @DisplayName("An instance that never became ready can be charged.")
  @Test
  void cost_ofAnInstanceThatWasNeverReady_isAnswered() {
    forEachKind(
        (deployment, gpu) -> {
          UsageInterval failed =
              UsageInterval.builder(deployment, deployment + "-failed", START)
                  .gpu(gpu)
                  .endedAt(START.plusSeconds(3))
                  .build();
          Money cost = meter().cost(failed);
          assertThat(cost.amount()).isGreaterThanOrEqualTo(BigDecimal.ZERO);
        });
  }

  @DisplayName(
      "A meter that names the price by which it charges charges by it: the ledger keeps the "
          + "price.")
  @Test
  void cost_isThatOfTheRate_whereThereIsOne() {
    CostMeter meter = meter();
    forEachKind(
        (deployment, gpu) ->
            LENGTHS.forEach(
                length -> {
                  UsageInterval usage = interval(deployment, gpu, length);
                  meter
                      .rate(usage)
                      .ifPresent(
                          rate -> {
                            assertThat(rate.cost(usage.paid())).isEqualTo(meter.cost(usage));
                            assertThat(meter.hasPrice(usage)).isTrue();
                          });
                }));
  }

  private void forEachKind(java.util.function.BiConsumer<String, GpuRequest> check) {
    for (String deployment : deployments()) {
      gpus().forEach(gpu -> check.accept(deployment, gpu));
    }
  }

  private static BigDecimal amount(
      CostMeter meter, String deployment, GpuRequest gpu, Duration length) {
    return meter.cost(interval(deployment, gpu, length)).amount();
  }

  /** An interval of which a quarter was spent on starting and a quarter on requests. */
  private static UsageInterval interval(String deployment, GpuRequest gpu, Duration length) {
    Duration quarter = length.dividedBy(4);
    return UsageInterval.builder(deployment, deployment + "-1", START)
        .gpu(gpu)
        .readyAt(START.plus(quarter))
        .releaseRequestedAt(START.plus(length).minus(quarter))
        .endedAt(START.plus(length))
        .busy(quarter)
        .build();
  }
}
