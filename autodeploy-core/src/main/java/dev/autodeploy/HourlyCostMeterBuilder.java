package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.policy.CostMeters;
import dev.autodeploy.spi.CostMeter;
import java.math.BigDecimal;
import java.util.Currency;
import java.util.HashMap;
import java.util.Map;

/**
 * A builder of a cost meter with hourly prices. The price of a deployment counts first, then that
 * of its GPU model, then the general one. Not thread-safe.
 */
public final class HourlyCostMeterBuilder {
  private final String code;
  private final Currency currency;
  private final Map<String, BigDecimal> deployments = new HashMap<>();
  private final Map<String, BigDecimal> gpuModels = new HashMap<>();
  private BigDecimal defaultPrice = BigDecimal.ZERO;

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
   * Sets the price of one GPU of a model for an hour; an instance pays for each GPU that it asks
   * for. It counts only where the deployment's request names the model, whatever GPU it gets;
   * {@link GpuRequest#all()} is charged as one GPU.
   *
   * @param model the model as {@link GpuRequest#model(String)} names it
   * @param amount the price, 0 or more
   * @return this
   */
  public HourlyCostMeterBuilder gpuModel(String model, String amount) {
    gpuModels.put(requireNonNull(model, "model"), price(amount));
    return this;
  }

  /**
   * Sets the price of one instance for an hour where no other price applies. Default: 0.
   *
   * @param amount the price, 0 or more
   * @return this
   */
  public HourlyCostMeterBuilder defaultPrice(String amount) {
    defaultPrice = price(amount);
    return this;
  }

  /**
   * Returns the meter.
   *
   * @return the meter
   */
  public CostMeter build() {
    return new CostMeters.Hourly(currency, deployments, gpuModels, defaultPrice);
  }

  private BigDecimal price(String amount) {
    BigDecimal value = Money.of(amount, code).amount();
    if (value.signum() < 0) {
      throw new IllegalArgumentException("a price must not be negative, but was " + amount);
    }
    return value;
  }
}
