package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.DeploymentSpec;

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
 */
public record StartRequest(
    String owner, String instanceId, int slot, String fingerprint, DeploymentSpec spec) {

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
   */
  public StartRequest {
    requireNonNull(owner, "owner");
    requireNonNull(instanceId, "instanceId");
    requireNonNull(fingerprint, "fingerprint");
    requireNonNull(spec, "spec");
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
