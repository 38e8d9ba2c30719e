package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.spi.InstanceExit;
import java.time.Duration;
import java.util.List;
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
 * @param cause what is behind it, where that is recognised, or null
 * @param lastProbe what the last probe said, such as {@code GET /healthz answered 404}, or null if
 *     there was none, or it only said no
 * @param logTail the last lines that the instance wrote, oldest first; possibly empty
 */
public record StartFailure(
    String instanceId,
    Kind kind,
    String message,
    @Nullable InstanceExit exit,
    Duration elapsed,
    int attempts,
    @Nullable FailureCause cause,
    @Nullable String lastProbe,
    List<String> logTail) {

  /** The kinds of failures. */
  public enum Kind {
    /** The provider could not start it. */
    PROVIDER,
    /** The instance ended before it was ready. */
    EXITED,
    /** The instance was not ready within the start timeout. */
    TIMEOUT,
    /** The instance had started, and refused to sleep or did not wake; starts go on at once. */
    SLEEP
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
   * @param cause what is behind it, where that is recognised, or null
   * @param lastProbe what the last probe said, or null
   * @param logTail the last lines that the instance wrote, oldest first; possibly empty
   */
  public StartFailure {
    requireNonNull(instanceId, "instanceId");
    requireNonNull(kind, "kind");
    requireNonNull(message, "message");
    requireNonNull(elapsed, "elapsed");
    logTail = List.copyOf(logTail);
  }

  /**
   * Creates a failure of which no more is known.
   *
   * @param instanceId the instance that did not become ready
   * @param kind what happened
   * @param message one sentence, the provider's own where there is one
   * @param exit how the instance ended, or null if it did not or is not known to have run
   * @param elapsed how long after the start request it failed
   * @param attempts how many starts have failed in a row, this one included
   */
  public StartFailure(
      String instanceId,
      Kind kind,
      String message,
      @Nullable InstanceExit exit,
      Duration elapsed,
      int attempts) {
    this(
        instanceId,
        kind,
        message,
        exit,
        elapsed,
        attempts,
        null,
        null,
        exit == null ? List.of() : exit.logTail());
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
