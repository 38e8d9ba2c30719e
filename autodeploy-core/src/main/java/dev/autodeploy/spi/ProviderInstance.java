package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import java.net.URI;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An instance as its provider sees it, made by a {@linkplain #builder(StartRequest, Instant)
 * builder}. Immutable.
 *
 * @param instanceId the id from its {@link StartRequest}
 * @param deployment the deployment's name from its start request
 * @param slot the slot from its start request
 * @param fingerprint the fingerprint from its start request
 * @param endpoint where it answers once it is ready, or null if that is not known yet
 * @param startedAt when the provider began to start it
 * @param exit how it ended, or null if it has not; an instance that ended is listed until it is
 *     released
 * @param gpus the ids of the GPUs that it has, as in {@link StartRequest#gpus()}; empty if it has
 *     none, or if that is not known
 * @param gpuModel the model of those GPUs, by which prices may go, or null if {@link
 *     InstanceProvider#capacity} tells; an empty text if nobody can tell
 * @param epoch the epoch from its start request; 0 without replicas, or if that is not known
 */
public record ProviderInstance(
    String instanceId,
    String deployment,
    int slot,
    String fingerprint,
    @Nullable URI endpoint,
    Instant startedAt,
    @Nullable InstanceExit exit,
    List<String> gpus,
    @Nullable String gpuModel,
    long epoch) {

  /**
   * Checks the values.
   *
   * @param instanceId the id from its {@link StartRequest}
   * @param deployment the deployment's name from its start request
   * @param slot the slot from its start request
   * @param fingerprint the fingerprint from its start request
   * @param endpoint where it answers once it is ready, or null if that is not known yet
   * @param startedAt when the provider began to start it
   * @param exit how it ended, or null if it has not; an instance that ended is listed until it is
   *     released
   * @param gpus the ids of the GPUs that it has, as in {@link StartRequest#gpus()}; empty if it has
   *     none, or if that is not known
   * @param gpuModel the model of those GPUs, or null
   * @param epoch the epoch from its start request; 0 without replicas, or if that is not known
   */
  public ProviderInstance {
    requireNonNull(instanceId, "instanceId");
    requireNonNull(deployment, "deployment");
    requireNonNull(fingerprint, "fingerprint");
    requireNonNull(startedAt, "startedAt");
    gpus = List.copyOf(gpus);
  }

  /**
   * Begins an instance as a list shows it, of what the provider has kept with it.
   *
   * @param instanceId the id from its {@link StartRequest}
   * @param deployment the deployment's name from its start request
   * @param startedAt when the provider began to start it
   * @return a builder
   */
  public static Builder builder(String instanceId, String deployment, Instant startedAt) {
    return new Builder(instanceId, deployment, startedAt);
  }

  /**
   * Begins the instance that a request asked for, with the slot, fingerprint, GPUs and epoch from
   * there.
   *
   * @param request the request
   * @param startedAt when the provider began to start it
   * @return a builder
   */
  public static Builder builder(StartRequest request, Instant startedAt) {
    return new Builder(request.instanceId(), request.deployment(), startedAt)
        .slot(request.slot())
        .fingerprint(request.fingerprint())
        .gpus(request.gpus())
        .epoch(request.epoch());
  }

  /**
   * Returns the instance that a request asked for, running.
   *
   * @param request the request
   * @param endpoint where it answers once it is ready
   * @param startedAt when the provider began to start it
   * @return the instance
   */
  public static ProviderInstance of(StartRequest request, URI endpoint, Instant startedAt) {
    return builder(request, startedAt).endpoint(requireNonNull(endpoint, "endpoint")).build();
  }

  /**
   * Begins a changed copy of this instance.
   *
   * @return a builder with the values of this
   */
  public Builder toBuilder() {
    return new Builder(instanceId, deployment, startedAt)
        .slot(slot)
        .fingerprint(fingerprint)
        .endpoint(endpoint)
        .exit(exit)
        .gpus(gpus)
        .gpuModel(gpuModel)
        .epoch(epoch);
  }

  /** Collects what is known of an instance. Not thread-safe. */
  public static final class Builder {
    private final String instanceId;
    private final String deployment;
    private final Instant startedAt;
    private int slot;
    private String fingerprint = "";
    private @Nullable URI endpoint;
    private @Nullable InstanceExit exit;
    private List<String> gpus = List.of();
    private @Nullable String gpuModel;
    private long epoch;

    private Builder(String instanceId, String deployment, Instant startedAt) {
      this.instanceId = requireNonNull(instanceId, "instanceId");
      this.deployment = requireNonNull(deployment, "deployment");
      this.startedAt = requireNonNull(startedAt, "startedAt");
    }

    /**
     * Sets the slot from its start request. Default: 0.
     *
     * @param value the number
     * @return this
     */
    public Builder slot(int value) {
      slot = value;
      return this;
    }

    /**
     * Sets the fingerprint from its start request. Default: an empty text, with which an engine
     * takes the instance for one of other settings.
     *
     * @param value the fingerprint
     * @return this
     */
    public Builder fingerprint(String value) {
      fingerprint = requireNonNull(value, "fingerprint");
      return this;
    }

    /**
     * Sets where it answers once it is ready. Default: not known yet.
     *
     * @param value the address, or null
     * @return this
     */
    public Builder endpoint(@Nullable URI value) {
      endpoint = value;
      return this;
    }

    /**
     * Sets how it ended. Default: it has not.
     *
     * @param value the end, or null
     * @return this
     */
    public Builder exit(@Nullable InstanceExit value) {
      exit = value;
      return this;
    }

    /**
     * Sets the ids of the GPUs that it has. Default: none, or not known.
     *
     * @param value the ids, as in {@link StartRequest#gpus()}
     * @return this
     */
    public Builder gpus(List<String> value) {
      gpus = List.copyOf(value);
      return this;
    }

    /**
     * Sets the model of its GPUs. Default: null, as {@link InstanceProvider#capacity} tells.
     *
     * @param value the model; null as by default; an empty text if nobody can tell
     * @return this
     */
    public Builder gpuModel(@Nullable String value) {
      gpuModel = value;
      return this;
    }

    /**
     * Sets the epoch from its start request. Default: 0, as without replicas.
     *
     * @param value the epoch
     * @return this
     */
    public Builder epoch(long value) {
      epoch = value;
      return this;
    }

    /**
     * Creates the instance.
     *
     * @return the instance
     */
    public ProviderInstance build() {
      return new ProviderInstance(
          instanceId,
          deployment,
          slot,
          fingerprint,
          endpoint,
          startedAt,
          exit,
          gpus,
          gpuModel,
          epoch);
    }
  }
}
