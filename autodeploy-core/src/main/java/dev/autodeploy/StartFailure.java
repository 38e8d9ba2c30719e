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
   * Begins a failure, the first in a row, of which no more is known.
   *
   * @param instanceId the instance that did not become ready
   * @param kind what happened
   * @param message one sentence, the provider's own where there is one
   * @return a builder
   */
  public static Builder builder(String instanceId, Kind kind, String message) {
    return new Builder(instanceId, kind, message);
  }

  /**
   * Returns the failure in one line, without log lines.
   *
   * @return the description
   */
  public String describe() {
    return message + " (after " + elapsed.toMillis() + " ms, attempt " + attempts + ")";
  }

  /** Collects what is known of a failed start. Not thread-safe. */
  public static final class Builder {
    private final String instanceId;
    private final Kind kind;
    private final String message;
    private @Nullable InstanceExit exit;
    private Duration elapsed = Duration.ZERO;
    private int attempts = 1;
    private @Nullable FailureCause cause;
    private @Nullable String lastProbe;
    private @Nullable List<String> logTail;

    private Builder(String instanceId, Kind kind, String message) {
      this.instanceId = requireNonNull(instanceId, "instanceId");
      this.kind = requireNonNull(kind, "kind");
      this.message = requireNonNull(message, "message");
    }

    /**
     * Sets how the instance ended. Default: it did not, or is not known to have run.
     *
     * @param value the end, or null
     * @return this
     */
    public Builder exit(@Nullable InstanceExit value) {
      exit = value;
      return this;
    }

    /**
     * Sets how long after the start request it failed. Default: at once.
     *
     * @param value the time
     * @return this
     */
    public Builder elapsed(Duration value) {
      elapsed = requireNonNull(value, "elapsed");
      return this;
    }

    /**
     * Sets how many starts have failed in a row, this one included. Default: 1.
     *
     * @param value the number
     * @return this
     */
    public Builder attempts(int value) {
      attempts = value;
      return this;
    }

    /**
     * Sets what is behind it. Default: nothing that is recognised.
     *
     * @param value the cause, or null
     * @return this
     */
    public Builder cause(@Nullable FailureCause value) {
      cause = value;
      return this;
    }

    /**
     * Sets what the last probe said, such as {@code GET /healthz answered 404}. Default: nothing.
     *
     * @param value the words, or null
     * @return this
     */
    public Builder lastProbe(@Nullable String value) {
      lastProbe = value;
      return this;
    }

    /**
     * Sets the last lines that the instance wrote. Default: those of its end, if it has ended.
     *
     * @param value the lines, oldest first
     * @return this
     */
    public Builder logTail(List<String> value) {
      logTail = List.copyOf(value);
      return this;
    }

    /**
     * Creates the failure.
     *
     * @return the failure
     */
    public StartFailure build() {
      return new StartFailure(
          instanceId, kind, message, exit, elapsed, attempts, cause, lastProbe, logTail());
    }

    private List<String> logTail() {
      if (logTail != null) {
        return logTail;
      }
      return exit == null ? List.of() : exit.logTail();
    }
  }
}
