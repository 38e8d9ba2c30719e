package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.spec.SpecFingerprint;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The instance that a provider is asked to start, and the labels that the instance carries from its
 * first moment on. Immutable.
 *
 * @param owner the owner of the instance; see {@link ProviderContext#owner()}
 * @param instanceId the instance's id, chosen by the engine: unique over all time, 1 to 80 of
 *     {@code a-z 0-9 -}
 * @param slot its number within the deployment, from 0: below the deployment's maximum, and never
 *     held by two instances at once
 * @param fingerprint a digest of all settings that an instance depends on; equal for two
 *     specifications exactly if an instance of one can serve the other
 * @param spec what to start
 * @param gpus the ids of the GPUs that it gets, of those that {@link InstanceProvider#capacity}
 *     lists; empty if it gets none, or if the provider is to choose
 * @param epoch the epoch of the leader that starts it, of several replicas; 0 without those. It is
 *     one of the labels, and told by {@link InstanceProvider#list}
 */
public record StartRequest(
    String owner,
    String instanceId,
    int slot,
    String fingerprint,
    DeploymentSpec spec,
    List<String> gpus,
    long epoch) {

  /**
   * Checks the values.
   *
   * @param owner the owner of the instance; see {@link ProviderContext#owner()}
   * @param instanceId the instance's id, chosen by the engine: unique over all time, 1 to 80 of
   *     {@code a-z 0-9 -}
   * @param slot its number within the deployment, from 0: below the deployment's maximum, and never
   *     held by two instances at once
   * @param fingerprint a digest of all settings that an instance depends on; equal for two
   *     specifications exactly if an instance of one can serve the other
   * @param spec what to start
   * @param gpus the ids of the GPUs that it gets, of those that {@link InstanceProvider#capacity}
   *     lists; empty if it gets none, or if the provider is to choose
   * @param epoch the epoch of the leader that starts it; 0 without replicas
   */
  public StartRequest {
    requireNonNull(owner, "owner");
    requireNonNull(instanceId, "instanceId");
    requireNonNull(fingerprint, "fingerprint");
    requireNonNull(spec, "spec");
    gpus = List.copyOf(gpus);
  }

  /**
   * Begins a request as an engine makes it, for tests of providers.
   *
   * @param owner the owner of the instance
   * @param instanceId the instance's id
   * @param spec what to start
   * @return a builder
   */
  public static Builder builder(String owner, String instanceId, DeploymentSpec spec) {
    return new Builder(owner, instanceId, spec);
  }

  /**
   * Returns the deployment's name.
   *
   * @return the name
   */
  public String deployment() {
    return spec.name();
  }

  /**
   * Begins a changed copy of this request.
   *
   * @return a builder with the values of this
   */
  public Builder toBuilder() {
    return new Builder(owner, instanceId, spec)
        .slot(slot)
        .fingerprint(fingerprint)
        .gpus(gpus)
        .epoch(epoch);
  }

  /** Collects what a provider is asked for. Not thread-safe. */
  public static final class Builder {
    private final String owner;
    private final String instanceId;
    private final DeploymentSpec spec;
    private int slot;
    private @Nullable String fingerprint;
    private List<String> gpus = List.of();
    private long epoch;

    private Builder(String owner, String instanceId, DeploymentSpec spec) {
      this.owner = requireNonNull(owner, "owner");
      this.instanceId = requireNonNull(instanceId, "instanceId");
      this.spec = requireNonNull(spec, "spec");
    }

    /**
     * Sets the number within the deployment. Default: 0.
     *
     * @param value the number
     * @return this
     */
    public Builder slot(int value) {
      slot = value;
      return this;
    }

    /**
     * Sets the digest of the settings. Default: that of the specification.
     *
     * @param value the digest
     * @return this
     */
    public Builder fingerprint(String value) {
      fingerprint = requireNonNull(value, "fingerprint");
      return this;
    }

    /**
     * Sets the ids of the GPUs that it gets. Default: none, so that the provider chooses.
     *
     * @param value the ids, of those that {@link InstanceProvider#capacity} lists
     * @return this
     */
    public Builder gpus(List<String> value) {
      gpus = List.copyOf(value);
      return this;
    }

    /**
     * Sets the epoch of the leader that starts it. Default: 0, as without replicas.
     *
     * @param value the epoch
     * @return this
     */
    public Builder epoch(long value) {
      epoch = value;
      return this;
    }

    /**
     * Creates the request.
     *
     * @return the request
     */
    public StartRequest build() {
      return new StartRequest(
          owner,
          instanceId,
          slot,
          fingerprint == null ? SpecFingerprint.of(spec) : fingerprint,
          spec,
          gpus,
          epoch);
    }
  }
}
