package dev.autodeploy.internal.policy;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.CostMeter;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.util.Currency;
import java.util.Map;

/** The cost meters that come with the library. */
public final class CostMeters {

  /** Everything costs nothing, in US dollars. */
  public static final CostMeter FREE =
      new Hourly(Currency.getInstance("USD"), Map.of(), Map.of(), BigDecimal.ZERO);

  private static final BigDecimal NANOS_PER_HOUR =
      BigDecimal.valueOf(Duration.ofHours(1).toNanos());

  private CostMeters() {}

  /**
   * Hourly prices, pro rata to the nanosecond.
   *
   * @param currency the currency of all prices
   * @param deployments price of an instance by deployment
   * @param gpuModels price of a GPU by model
   * @param otherwise price of an instance where no other applies
   */
  public record Hourly(
      Currency currency,
      Map<String, BigDecimal> deployments,
      Map<String, BigDecimal> gpuModels,
      BigDecimal otherwise)
      implements CostMeter {

    /**
     * Checks the values.
     *
     * @param currency the currency of all prices
     * @param deployments price of an instance by deployment
     * @param gpuModels price of a GPU by model
     * @param otherwise price of an instance where no other applies
     */
    public Hourly {
      deployments = Map.copyOf(deployments);
      gpuModels = Map.copyOf(gpuModels);
    }

    @Override
    public Money cost(UsageInterval usage) {
      BigDecimal nanos = BigDecimal.valueOf(usage.existing().toNanos());
      BigDecimal amount =
          pricePerHour(usage).multiply(nanos).divide(NANOS_PER_HOUR, MathContext.DECIMAL64);
      return new Money(amount, currency);
    }

    private BigDecimal pricePerHour(UsageInterval usage) {
      BigDecimal byDeployment = deployments.get(usage.deployment());
      if (byDeployment != null) {
        return byDeployment;
      }
      GpuRequest gpu = usage.gpu();
      BigDecimal byModel = gpu.model() == null ? null : gpuModels.get(gpu.model());
      if (byModel != null) {
        int gpus = Math.max(1, Math.max(gpu.count(), gpu.ids().size()));
        return byModel.multiply(BigDecimal.valueOf(gpus));
      }
      return otherwise;
    }
  }
}
