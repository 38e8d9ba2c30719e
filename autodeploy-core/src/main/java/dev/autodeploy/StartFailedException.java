package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/** The instance could not be started, or starts are backing off after that. */
public final class StartFailedException extends AutoDeployException {
  private static final long serialVersionUID = 1L;

  /** The failure of the start. */
  private final transient StartFailure failure;

  /** The time until the next start is possible. */
  private final Duration retryAfter;

  /**
   * Creates the error.
   *
   * @param deployment the deployment's name
   * @param failure why the start failed
   * @param retryAfter how long starts are held back from now on
   */
  public StartFailedException(String deployment, StartFailure failure, Duration retryAfter) {
    super(
        ErrorCode.START_FAILED,
        deployment,
        "deployment '"
            + deployment
            + "' could not start an instance: "
            + failure.describe()
            + "; the next start is possible in "
            + retryAfter.toMillis()
            + " ms");
    this.failure = requireNonNull(failure, "failure");
    this.retryAfter = requireNonNull(retryAfter, "retryAfter");
  }

  /**
   * Returns why the start failed: exit code, last log lines, the provider's sentence.
   *
   * @return the failure
   */
  public StartFailure failure() {
    return failure;
  }

  /**
   * Returns how long starts are held back.
   *
   * @return the time from the moment of this error; zero or more
   */
  public Duration retryAfter() {
    return retryAfter;
  }
}
