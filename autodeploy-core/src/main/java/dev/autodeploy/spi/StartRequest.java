package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.DeploymentSpec;
import java.util.List;

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
   * Creates a request of an engine without replicas.
   *
   * @param owner the owner of the instance
   * @param instanceId the instance's id
   * @param slot its number within the deployment
   * @param fingerprint a digest of all settings that an instance depends on
   * @param spec what to start
   * @param gpus the ids of the GPUs that it gets; empty if the provider is to choose
   */
  public StartRequest(
      String owner,
      String instanceId,
      int slot,
      String fingerprint,
      DeploymentSpec spec,
      List<String> gpus) {
    this(owner, instanceId, slot, fingerprint, spec, gpus, 0);
  }

  /**
   * Creates a request that leaves the choice of GPUs to the provider.
   *
   * @param owner the owner of the instance
   * @param instanceId the instance's id
   * @param slot its number within the deployment
   * @param fingerprint a digest of all settings that an instance depends on
   * @param spec what to start
   */
  public StartRequest(
      String owner, String instanceId, int slot, String fingerprint, DeploymentSpec spec) {
    this(owner, instanceId, slot, fingerprint, spec, List.of());
  }

  /**
   * Returns this request as one of the leader of an epoch.
   *
   * @param value the epoch
   * @return the request
   */
  public StartRequest withEpoch(long value) {
    return new StartRequest(owner, instanceId, slot, fingerprint, spec, gpus, value);
  }

  /**
   * Returns the deployment's name.
   *
   * @return the name
   */
  public String deployment() {
    return spec.name();
  }
}
