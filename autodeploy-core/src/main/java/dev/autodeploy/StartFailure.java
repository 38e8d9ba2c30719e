package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.spi.InstanceExit;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A start that failed. Immutable.
 *
 * @param instanceId the instance that did not become ready
 * @param kind what happened
 * @param message one sentence, the provider's own where there is one
 * @param exit how the instance ended, or null if it did not or is not known to have run
 * @param elapsed how long after the start request it failed
 * @param attempts how many starts have failed in a row, this one included
 */
public record StartFailure(
    String instanceId,
    Kind kind,
    String message,
    @Nullable InstanceExit exit,
    Duration elapsed,
    int attempts) {

  /** The kinds of failures. */
  public enum Kind {
    /** The provider could not start it. */
    PROVIDER,
    /** The instance ended before it was ready. */
    EXITED,
    /** The instance was not ready within the start timeout. */
    TIMEOUT
  }

  /**
   * Checks the values.
   *
   * @param instanceId the instance that did not become ready
   * @param kind what happened
   * @param message one sentence, the provider's own where there is one
   * @param exit how the instance ended, or null if it did not or is not known to have run
   * @param elapsed how long after the start request it failed
   * @param attempts how many starts have failed in a row, this one included
   */
  public StartFailure {
    requireNonNull(instanceId, "instanceId");
    requireNonNull(kind, "kind");
    requireNonNull(message, "message");
    requireNonNull(elapsed, "elapsed");
  }

  /**
   * Returns the failure in one line, without log lines.
   *
   * @return the description
   */
  public String describe() {
    return message + " (after " + elapsed.toMillis() + " ms, attempt " + attempts + ")";
  }
}
