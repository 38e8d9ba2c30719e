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

  /** The answer to {@link #isNoRoom()}. */
  private final boolean noRoom;

  /**
   * Creates the error.
   *
   * @param message what is wrong and what to do
   * @param exit how the instance ended, or null if it did not run
   * @param cause what caused it, or null
   */
  public InstanceStartException(
      String message, @Nullable InstanceExit exit, @Nullable Throwable cause) {
    this(message, exit, cause, false);
  }

  private InstanceStartException(
      String message, @Nullable InstanceExit exit, @Nullable Throwable cause, boolean noRoom) {
    super(requireNonNull(message, "message"), cause);
    this.exit = exit;
    this.noRoom = noRoom;
  }

  /**
   * Creates the answer that there is no room for the instance at the moment, such as no free GPU.
   * It does not count as a failed start: those who wait for the instance go on waiting, and the
   * engine tries again when another instance is gone, and from time to time.
   *
   * @param message what there is no room for, and who has it
   * @return the exception
   */
  public static InstanceStartException noRoom(String message) {
    return new InstanceStartException(message, null, null, true);
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
   * Returns whether there is only no room at the moment.
   *
   * @return true for {@link #noRoom}
   */
  public boolean isNoRoom() {
    return noRoom;
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
