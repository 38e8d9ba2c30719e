package dev.autodeploy.internal.policy;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.Rate;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.CostMeter;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Currency;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The cost meters that come with the library. */
public final class CostMeters {

  /** Everything costs nothing, in US dollars. */
  public static final CostMeter FREE = Hourly.perInstance(Money.zero(Currency.getInstance("USD")));

  private CostMeters() {}

  /**
   * Hourly prices: that of the deployment, else that of the model of its GPUs, else the default.
   *
   * @param currency the currency of all prices
   * @param deployments price of an instance by deployment
   * @param gpuModels price of a GPU by model
   * @param otherwise price of an instance where no other applies, or null for none
   * @param step the time that is charged in full once it has begun, or zero
   * @param minimum the time that is charged at least, or zero
   */
  public record Hourly(
      Currency currency,
      Map<String, BigDecimal> deployments,
      Map<String, BigDecimal> gpuModels,
      @Nullable BigDecimal otherwise,
      Duration step,
      Duration minimum)
      implements CostMeter {

    /**
     * Checks the values.
     *
     * @param currency the currency of all prices
     * @param deployments price of an instance by deployment
     * @param gpuModels price of a GPU by model
     * @param otherwise price of an instance where no other applies, or null for none
     * @param step the time that is charged in full once it has begun, or zero
     * @param minimum the time that is charged at least, or zero
     */
    public Hourly {
      deployments = Map.copyOf(deployments);
      gpuModels = Map.copyOf(gpuModels);
    }

    /** Returns the meter that charges every instance the same. */
    public static Hourly perInstance(Money perHour) {
      return new Hourly(
          perHour.currency(), Map.of(), Map.of(), perHour.amount(), Duration.ZERO, Duration.ZERO);
    }

    @Override
    public Money cost(UsageInterval usage) {
      return rate(usage).map(rate -> rate.cost(usage.paid())).orElse(Money.zero(currency));
    }

    @Override
    public boolean hasPrice(UsageInterval usage) {
      return rate(usage).isPresent();
    }

    @Override
    public Optional<Rate> rate(UsageInterval usage) {
      BigDecimal byDeployment = deployments.get(usage.deployment());
      if (byDeployment != null) {
        return Optional.of(rate(byDeployment, Rate.Unit.INSTANCE, 1));
      }
      GpuRequest gpu = usage.gpu();
      String got = usage.billing().gpuModel();
      String model = got != null ? got : gpu.model();
      BigDecimal byModel = model == null ? null : gpuModels.get(model);
      if (byModel != null) {
        int asked = Math.max(1, Math.max(gpu.count(), gpu.ids().size()));
        int gpus = usage.billing().gpus() > 0 ? usage.billing().gpus() : asked;
        return Optional.of(rate(byModel, Rate.Unit.GPU, gpus));
      }
      return otherwise == null
          ? Optional.empty()
          : Optional.of(rate(otherwise, Rate.Unit.INSTANCE, 1));
    }

    private Rate rate(BigDecimal amount, Rate.Unit unit, int units) {
      return new Rate(new Money(amount, currency), unit, units, step, minimum);
    }
  }
}
