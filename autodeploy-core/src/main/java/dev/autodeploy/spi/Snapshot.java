package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import java.time.Instant;

/**
 * A stored state of an instance's files that new instances can start from. Immutable.
 *
 * @param reference what {@link dev.autodeploy.DeploymentSpec.Builder#snapshot} takes
 * @param deployment the deployment that it was made of
 * @param createdAt when it was made
 * @param bytes its size, or 0 if that is not known
 */
public record Snapshot(String reference, String deployment, Instant createdAt, long bytes) {

  /**
   * Checks the values.
   *
   * @param reference what {@link dev.autodeploy.DeploymentSpec.Builder#snapshot} takes
   * @param deployment the deployment that it was made of
   * @param createdAt when it was made
   * @param bytes its size, or 0 if that is not known
   */
  public Snapshot {
    requireNonNull(reference, "reference");
    requireNonNull(deployment, "deployment");
    requireNonNull(createdAt, "createdAt");
  }
}
