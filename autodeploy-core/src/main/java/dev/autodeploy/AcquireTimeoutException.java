package dev.autodeploy;

import java.time.Duration;

/** No lease could be had before the caller's deadline. */
public final class AcquireTimeoutException extends AutoDeployException {
  private static final long serialVersionUID = 1L;

  /** The time that the caller waited. */
  private final Duration waited;

  /**
   * Creates the error.
   *
   * @param deployment the deployment's name
   * @param waited how long the caller waited
   * @param state what it waited for, such as {@code an instance is starting}
   */
  public AcquireTimeoutException(String deployment, Duration waited, String state) {
    super(
        ErrorCode.ACQUIRE_TIMEOUT,
        deployment,
        "deployment '"
            + deployment
            + "' had no room for the request within "
            + waited.toMillis()
            + " ms: "
            + state
            + "; wait longer or try again");
    this.waited = waited;
  }

  /**
   * Returns how long the caller waited.
   *
   * @return the time
   */
  public Duration waited() {
    return waited;
  }
}
