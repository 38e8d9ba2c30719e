package dev.autodeploy;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Refused because the deployment's {@link Schedule} has it closed at this time. */
public final class DeploymentClosedException extends AutoDeployException {
  private static final long serialVersionUID = 1L;

  /** The moment at which it opens. */
  private final @Nullable Instant opensAt;

  /** The time until then. */
  private final @Nullable Duration retryAfter;

  /**
   * Creates the error.
   *
   * @param deployment the deployment's name
   * @param now the present
   * @param opensAt when it opens, or null if it does not within two weeks
   */
  public DeploymentClosedException(String deployment, Instant now, @Nullable Instant opensAt) {
    super(
        ErrorCode.NOT_OPEN,
        deployment,
        "deployment '"
            + deployment
            + "' is closed by its schedule; "
            + (opensAt == null
                ? "it does not open within two weeks: change the schedule"
                : "it opens at " + opensAt));
    this.opensAt = opensAt;
    this.retryAfter = opensAt == null ? null : Duration.between(now, opensAt);
  }

  /**
   * Returns when it opens.
   *
   * @return the moment, or null if it does not within two weeks
   */
  public @Nullable Instant opensAt() {
    return opensAt;
  }

  /**
   * Returns how long it is until it opens, counted from the refusal.
   *
   * @return the time, or null if it does not open within two weeks
   */
  public @Nullable Duration retryAfter() {
    return retryAfter;
  }
}
