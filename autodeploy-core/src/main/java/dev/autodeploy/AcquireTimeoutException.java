package dev.autodeploy;

import dev.autodeploy.spi.StartProgress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** No lease could be had before the caller's deadline. */
public final class AcquireTimeoutException extends AutoDeployException {
  private static final long serialVersionUID = 1L;

  /** The time that the caller waited. */
  private final Duration waited;

  /** The state of what the caller waited for, for people. */
  private final String state;

  /** The progress of the start that the caller waited for. */
  private final transient @Nullable StartProgress progress;

  /**
   * Creates the error.
   *
   * @param deployment the deployment's name
   * @param waited how long the caller waited
   * @param state what it waited for, such as {@code an instance is starting}
   */
  public AcquireTimeoutException(String deployment, Duration waited, String state) {
    this(deployment, waited, state, null);
  }

  /**
   * Creates the error for a caller that waited for a start.
   *
   * @param deployment the deployment's name
   * @param waited how long the caller waited
   * @param state what it waited for, such as {@code an instance is starting}
   * @param progress how far that start is, or null if that is not known
   */
  public AcquireTimeoutException(
      String deployment, Duration waited, String state, @Nullable StartProgress progress) {
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
    this.state = state;
    this.progress = progress;
  }

  /**
   * Returns how far the start is that the caller waited for.
   *
   * @return the progress, or null if none is known
   */
  public @Nullable StartProgress progress() {
    return progress;
  }

  /**
   * Returns what the caller waited for.
   *
   * @return such as {@code an instance is starting}
   */
  public String state() {
    return state;
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
