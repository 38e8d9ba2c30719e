package dev.autodeploy.spi;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The end of an instance. Immutable.
 *
 * @param exitCode the exit code of its main process, or null if there is none or it is not known
 * @param outOfMemory whether it, or a process in it, was ended for lack of memory
 * @param logTail the last lines that it wrote, oldest first; possibly empty
 * @param message one sentence of the provider, or null
 * @param at when it ended, or null if that is not known
 */
public record InstanceExit(
    @Nullable Integer exitCode,
    boolean outOfMemory,
    List<String> logTail,
    @Nullable String message,
    @Nullable Instant at) {

  /**
   * Checks the values.
   *
   * @param exitCode the exit code of its main process, or null if there is none or it is not known
   * @param outOfMemory whether it, or a process in it, was ended for lack of memory
   * @param logTail the last lines that it wrote, oldest first; possibly empty
   * @param message one sentence of the provider, or null
   * @param at when it ended, or null if that is not known
   */
  public InstanceExit {
    logTail = List.copyOf(logTail);
  }

  /**
   * Returns an exit of which only a message is known.
   *
   * @param message the message
   * @return the exit
   */
  public static InstanceExit unknown(String message) {
    return new InstanceExit(null, false, List.of(), message, null);
  }

  /**
   * Returns the exit of a process.
   *
   * @param exitCode its exit code
   * @param logTail the last lines that it wrote, oldest first; possibly empty
   * @return the exit
   */
  public static InstanceExit ofProcess(int exitCode, List<String> logTail) {
    return new InstanceExit(exitCode, false, logTail, null, null);
  }

  /**
   * Returns the exit of a process that was ended for lack of memory.
   *
   * @param logTail the last lines that it wrote, oldest first; possibly empty
   * @return the exit
   */
  public static InstanceExit outOfMemory(List<String> logTail) {
    return new InstanceExit(null, true, logTail, null, null);
  }

  /**
   * Returns the exit in a few words, without log lines: the exit code, or what else is known.
   *
   * @return such as {@code exited with code 3} or {@code out of memory (exit code 137)}
   */
  public String describe() {
    String words =
        exitCode == null
            ? "ended"
            : outOfMemory ? "exit code " + exitCode : "exited with code " + exitCode;
    if (outOfMemory) {
      words = exitCode == null ? "out of memory" : "out of memory (" + words + ")";
    }
    return message == null ? words : words + ": " + message;
  }
}
