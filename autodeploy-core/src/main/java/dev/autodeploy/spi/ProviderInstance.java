package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import java.net.URI;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An instance as its provider sees it. Immutable.
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
   * Creates an instance of an engine without replicas.
   *
   * @param instanceId the id from its {@link StartRequest}
   * @param deployment the deployment's name from its start request
   * @param slot the slot from its start request
   * @param fingerprint the fingerprint from its start request
   * @param endpoint where it answers once it is ready, or null if that is not known yet
   * @param startedAt when the provider began to start it
   * @param exit how it ended, or null if it has not
   * @param gpus the ids of the GPUs that it has; empty if it has none, or if that is not known
   * @param gpuModel the model of those GPUs, or null
   */
  public ProviderInstance(
      String instanceId,
      String deployment,
      int slot,
      String fingerprint,
      @Nullable URI endpoint,
      Instant startedAt,
      @Nullable InstanceExit exit,
      List<String> gpus,
      @Nullable String gpuModel) {
    this(instanceId, deployment, slot, fingerprint, endpoint, startedAt, exit, gpus, gpuModel, 0);
  }

  /**
   * Creates an instance of whose GPUs the model is not told.
   *
   * @param instanceId the id from its {@link StartRequest}
   * @param deployment the deployment's name from its start request
   * @param slot the slot from its start request
   * @param fingerprint the fingerprint from its start request
   * @param endpoint where it answers once it is ready, or null if that is not known yet
   * @param startedAt when the provider began to start it
   * @param exit how it ended, or null if it has not
   * @param gpus the ids of the GPUs that it has; empty if it has none, or if that is not known
   */
  public ProviderInstance(
      String instanceId,
      String deployment,
      int slot,
      String fingerprint,
      @Nullable URI endpoint,
      Instant startedAt,
      @Nullable InstanceExit exit,
      List<String> gpus) {
    this(instanceId, deployment, slot, fingerprint, endpoint, startedAt, exit, gpus, null);
  }

  /**
   * Creates an instance whose GPUs are not known.
   *
   * @param instanceId the id from its {@link StartRequest}
   * @param deployment the deployment's name from its start request
   * @param slot the slot from its start request
   * @param fingerprint the fingerprint from its start request
   * @param endpoint where it answers once it is ready, or null if that is not known yet
   * @param startedAt when the provider began to start it
   * @param exit how it ended, or null if it has not
   */
  public ProviderInstance(
      String instanceId,
      String deployment,
      int slot,
      String fingerprint,
      @Nullable URI endpoint,
      Instant startedAt,
      @Nullable InstanceExit exit) {
    this(instanceId, deployment, slot, fingerprint, endpoint, startedAt, exit, List.of());
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
    return new ProviderInstance(
            request.instanceId(),
            request.deployment(),
            request.slot(),
            request.fingerprint(),
            requireNonNull(endpoint, "endpoint"),
            startedAt,
            null,
            request.gpus())
        .withEpoch(request.epoch());
  }

  /**
   * Returns this instance as one that the leader of an epoch has started.
   *
   * @param value the epoch
   * @return the instance
   */
  public ProviderInstance withEpoch(long value) {
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
        value);
  }
}
