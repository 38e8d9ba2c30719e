package dev.autodeploy.internal.ledger;

import dev.autodeploy.Billing;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.ProviderInstance;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The GPUs that an instance really got, as far as the provider tells.
 *
 * @param model their model, or null if that is not known
 * @param count how many, or 0 if that is not known
 */
public record GotGpus(@Nullable String model, int count) {

  /** Nothing is known. */
  public static final GotGpus UNKNOWN = new GotGpus(null, 0);

  /** Returns the GPUs of these ids. */
  public static GotGpus of(List<String> ids, ProviderCapacity capacity) {
    return ids.isEmpty() ? UNKNOWN : new GotGpus(capacity.modelOf(ids), ids.size());
  }

  /**
   * Returns the GPUs of an instance that is up.
   *
   * @param ids those that it was given, if it does not say which it has
   */
  public static GotGpus of(ProviderInstance up, List<String> ids, ProviderCapacity capacity) {
    List<String> has = up.gpus().isEmpty() ? ids : up.gpus();
    String told = up.gpuModel();
    return told == null ? of(has, capacity) : new GotGpus(told.isEmpty() ? null : told, has.size());
  }

  boolean isUnknown() {
    return model == null && count == 0;
  }

  /** Returns an interval billed as one with these GPUs, and not charged yet. */
  public UsageInterval applyTo(UsageInterval usage) {
    Billing billing = usage.billing();
    return usage.with(
        new Billing(
            billing.caller(), billing.busyBy(), model, count, List.of(), billing.takenOver()));
  }
}
