package dev.autodeploy.internal.deployment;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.ledger.GotGpus;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.ProviderCapacity;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The check that a price applies to the instances of a deployment. */
public final class PriceCheck {
  private static final String ADVICE =
      "; they count as free of charge: set its pricePerHour, or defaultPrice or the price of its"
          + " GPU model at the cost meter";

  private PriceCheck() {}

  /** Returns why no price applies to the instances of a deployment, or null if one does. */
  public static @Nullable String unpriced(EngineServices services, DeploymentSpec spec) {
    return unpriced(services, spec, GotGpus.UNKNOWN);
  }

  /**
   * Returns why no price applies to the instances of a deployment, or null if one does.
   *
   * @param got the GPUs that an instance of it got last
   */
  static @Nullable String unpriced(EngineServices services, DeploymentSpec spec, GotGpus got) {
    try {
      return reason(services, spec, got);
    } catch (RuntimeException | Error e) {
      return null; // the meter's failure is told when an instance is charged
    }
  }

  private static @Nullable String reason(
      EngineServices services, DeploymentSpec spec, GotGpus got) {
    CostMeter meter = services.meter(spec);
    UsageInterval moment = moment(spec, services.clock().instant());
    if (meter.hasPrice(got.applyTo(moment))) {
      return null;
    }
    if (spec.gpu().isNone()) {
      return "no price applies to its instances" + ADVICE;
    }
    if (got.model() != null) {
      return "no price applies to its instances, which get GPUs of model " + got.model() + ADVICE;
    }
    List<ProviderCapacity.Gpu> gpus = services.capacity().fitting(spec.gpu());
    List<String> free = new ArrayList<>();
    for (ProviderCapacity.Gpu gpu : gpus) {
      String model = gpu.model().isEmpty() ? null : gpu.model();
      if (!meter.hasPrice(new GotGpus(model, 1).applyTo(moment))) {
        free.add(model == null ? "GPU " + gpu.id() + ", whose model is not known" : model);
      }
    }
    if (!gpus.isEmpty()) {
      return free.isEmpty()
          ? null
          : "no price applies to instances that get "
              + String.join(" or ", free.stream().distinct().toList())
              + ADVICE;
    }
    return "no price applies to its instances unless they get GPUs of a model that has one, which"
        + " is not known before the first start"
        + ADVICE;
  }

  private static UsageInterval moment(DeploymentSpec spec, Instant now) {
    return UsageInterval.builder(spec.name(), "", now)
        .gpu(spec.gpu())
        .readyAt(now)
        .openUntil(now)
        .build();
  }
}
