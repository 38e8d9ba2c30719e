package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.List;

/**
 * A stored state of an instance's files that new instances can start from. Immutable.
 *
 * @param reference what {@link dev.autodeploy.DeploymentSpec.Builder#snapshot} takes
 * @param deployment the deployment that it was made of
 * @param createdAt when it was made
 * @param bytes its size, or 0 if that is not known
 * @param leftOut the paths that the instance saw and that are not in it, as those of volumes
 */
public record Snapshot(
    String reference, String deployment, Instant createdAt, long bytes, List<String> leftOut) {

  /**
   * Checks the values.
   *
   * @param reference what {@link dev.autodeploy.DeploymentSpec.Builder#snapshot} takes
   * @param deployment the deployment that it was made of
   * @param createdAt when it was made
   * @param bytes its size, or 0 if that is not known
   * @param leftOut the paths that the instance saw and that are not in it, as those of volumes
   */
  public Snapshot {
    requireNonNull(reference, "reference");
    requireNonNull(deployment, "deployment");
    requireNonNull(createdAt, "createdAt");
    leftOut = List.copyOf(leftOut);
  }

  /**
   * Creates a snapshot that leaves nothing out.
   *
   * @param reference what {@link dev.autodeploy.DeploymentSpec.Builder#snapshot} takes
   * @param deployment the deployment that it was made of
   * @param createdAt when it was made
   * @param bytes its size, or 0 if that is not known
   */
  public Snapshot(String reference, String deployment, Instant createdAt, long bytes) {
    this(reference, deployment, createdAt, bytes, List.of());
  }
}
