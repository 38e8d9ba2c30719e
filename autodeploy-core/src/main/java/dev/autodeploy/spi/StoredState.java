package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.DeploymentSpec;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The state that an engine keeps over a restart beside the ledger. Immutable.
 *
 * @param owner the owner id under which instances are labelled, or null if none was stored yet
 * @param deployments the deployments, in the order in which they were made
 */
public record StoredState(@Nullable String owner, List<StoredDeployment> deployments) {

  /**
   * One deployment.
   *
   * @param spec its specification
   * @param createdAt when it was made
   */
  public record StoredDeployment(DeploymentSpec spec, Instant createdAt) {
    /**
     * Checks the values.
     *
     * @param spec its specification
     * @param createdAt when it was made
     */
    public StoredDeployment {
      requireNonNull(spec, "spec");
      requireNonNull(createdAt, "createdAt");
    }
  }

  /**
   * Checks the values.
   *
   * @param owner the owner id under which instances are labelled, or null if none was stored yet
   * @param deployments the deployments, in the order in which they were made
   */
  public StoredState {
    deployments = List.copyOf(deployments);
  }

  /**
   * Returns the state of an engine that was never run.
   *
   * @return no owner and no deployments
   */
  public static StoredState empty() {
    return new StoredState(null, List.of());
  }
}
