package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.List;

/** The instance could not be started, or starts are backing off after that. */
public final class StartFailedException extends AutoDeployException {
  private static final long serialVersionUID = 1L;

  /** The most lines of the log in the message, and the most characters of each. */
  private static final int LINES = 5;

  private static final int WIDTH = 300;

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
   * Returns what happened, to which deployment, and when the next start is possible, followed by
   * the last five lines of the instance, so that whoever sees only the message has them too.
   *
   * @return the message, in several lines if the instance wrote any
   */
  @Override
  public String getMessage() {
    return summary() + (failure == null ? "" : lastLines(failure)); // lost by serialization
  }

  /**
   * Returns the message without the lines of the instance.
   *
   * @return one line
   */
  public String summary() {
    return String.valueOf(super.getMessage());
  }

  private static String lastLines(StartFailure failure) {
    List<String> lines = failure.logTail();
    List<String> last = lines.subList(Math.max(0, lines.size() - LINES), lines.size());
    StringBuilder text = new StringBuilder();
    for (String line : last) {
      text.append("\n  | ")
          .append(line.length() > WIDTH ? line.substring(0, WIDTH) + " ..." : line);
    }
    return text.isEmpty() ? "" : "; its last lines:" + text;
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
