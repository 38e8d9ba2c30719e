package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * The root of all errors of this library, with a stable code and the deployment that it is about.
 */
public class AutoDeployException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The kind of error. */
  private final ErrorCode code;

  /** The deployment's name, or null. */
  private final @Nullable String deployment;

  /**
   * Creates an error.
   *
   * @param code the kind of error
   * @param deployment the deployment's name, or null if it is about none
   * @param message what happened, to what, and what to do next
   * @param cause what caused it, or null
   */
  public AutoDeployException(
      ErrorCode code, @Nullable String deployment, String message, @Nullable Throwable cause) {
    super(requireNonNull(message, "message"), cause);
    this.code = requireNonNull(code, "code");
    this.deployment = deployment;
  }

  /**
   * Creates an error without a cause.
   *
   * @param code the kind of error
   * @param deployment the deployment's name, or null if it is about none
   * @param message what happened, to what, and what to do next
   */
  public AutoDeployException(ErrorCode code, @Nullable String deployment, String message) {
    this(code, deployment, message, null);
  }

  /**
   * Returns the kind of error.
   *
   * @return the code
   */
  public final ErrorCode code() {
    return code;
  }

  /**
   * Returns the deployment that it is about.
   *
   * @return its name, or null if it is about none
   */
  public final @Nullable String deployment() {
    return deployment;
  }
}
