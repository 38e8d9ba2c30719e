package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.policy.CostMeters;
import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.spi.CostMeter;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Currency;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A builder of a cost meter with hourly prices. The price of a deployment counts first, then that
 * of its GPU model, then the general one. Not thread-safe.
 */
public final class HourlyCostMeterBuilder {
  private final String code;
  private final Currency currency;
  private final Map<String, BigDecimal> deployments = new HashMap<>();
  private final Map<String, BigDecimal> gpuModels = new HashMap<>();
  private @Nullable BigDecimal defaultPrice;
  private Duration step = Duration.ZERO;
  private Duration minimum = Duration.ZERO;

  private HourlyCostMeterBuilder(String code) {
    this.code = requireNonNull(code, "currency");
    this.currency = Money.of("0", code).currency();
  }

  /**
   * Returns a builder without any price, as {@link CostMeter#hourly} does.
   *
   * @param currency the ISO 4217 code, such as {@code "USD"}
   * @return the builder
   * @throws IllegalArgumentException if the code is unknown
   */
  public static HourlyCostMeterBuilder in(String currency) {
    return new HourlyCostMeterBuilder(currency);
  }

  /**
   * Sets the price of one instance of a deployment for an hour.
   *
   * @param deployment the deployment's name
   * @param amount the price, 0 or more
   * @return this
   */
  public HourlyCostMeterBuilder deployment(String deployment, String amount) {
    deployments.put(requireNonNull(deployment, "deployment"), price(amount));
    return this;
  }

  /**
   * Sets the price of one GPU of a model for an hour; an instance pays for each GPU that it got, as
   * the provider tells. Where the provider does not tell the model, that of the deployment's
   * request counts; where it does not tell the GPUs either, {@link GpuRequest#all()} is charged as
   * one GPU. To GPUs of several models in one instance the price of a model named {@code A, B}
   * applies.
   *
   * @param model the model as the provider calls it, such as {@code NVIDIA L4}, or as {@link
   *     GpuRequest#model(String)} names it
   * @param amount the price, 0 or more
   * @return this
   */
  public HourlyCostMeterBuilder gpuModel(String model, String amount) {
    gpuModels.put(requireNonNull(model, "model"), price(amount));
    return this;
  }

  /**
   * Sets the price of one instance for an hour where no other price applies. Default: none: an
   * instance to which no price applies costs nothing, and the engine warns of it.
   *
   * @param amount the price, 0 or more
   * @return this
   */
  public HourlyCostMeterBuilder defaultPrice(String amount) {
    defaultPrice = price(amount);
    return this;
  }

  /**
   * Sets the time that is charged in full once it has begun, as clouds do that charge by the second
   * or by started minutes or hours. Default: none, which is by the nanosecond.
   *
   * @param value the time, longer than 0
   * @return this
   */
  public HourlyCostMeterBuilder perStarted(Duration value) {
    step = Arguments.positive("perStarted", value);
    return this;
  }

  /**
   * Sets the time that is charged at least for each instance that existed at all. Default: none.
   *
   * @param value the time, 0 or longer
   * @return this
   */
  public HourlyCostMeterBuilder minimum(Duration value) {
    minimum = Arguments.notNegative("minimum", value);
    return this;
  }

  /**
   * Returns the meter.
   *
   * @return the meter
   */
  public CostMeter build() {
    return new CostMeters.Hourly(currency, deployments, gpuModels, defaultPrice, step, minimum);
  }

  private BigDecimal price(String amount) {
    BigDecimal value = Money.of(amount, code).amount();
    if (value.signum() < 0) {
      throw new IllegalArgumentException("a price must not be negative, but was " + amount);
    }
    return value;
  }
}
