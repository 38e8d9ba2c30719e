package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * Thrown by an {@link InstanceProvider} that cannot start an instance. Its message goes to the
 * people who wait for the instance: it says what is wrong and what to do, and holds no secret.
 */
public final class InstanceStartException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The end of the instance, if it ran. */
  private final transient @Nullable InstanceExit exit;

  /**
   * Creates the error.
   *
   * @param message what is wrong and what to do
   * @param exit how the instance ended, or null if it did not run
   * @param cause what caused it, or null
   */
  public InstanceStartException(
      String message, @Nullable InstanceExit exit, @Nullable Throwable cause) {
    super(requireNonNull(message, "message"), cause);
    this.exit = exit;
  }

  /**
   * Creates the error for an instance that did not run.
   *
   * @param message what is wrong and what to do
   */
  public InstanceStartException(String message) {
    this(message, null, null);
  }

  /**
   * Returns how the instance ended.
   *
   * @return the exit, or null if it did not run
   */
  public @Nullable InstanceExit exit() {
    return exit;
  }
}
