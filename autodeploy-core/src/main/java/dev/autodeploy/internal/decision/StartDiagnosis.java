package dev.autodeploy.internal.decision;

import dev.autodeploy.FailureCause;
import dev.autodeploy.spi.InstanceExit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The words for an instance that is not ready, or that ended: what is known, and advice. */
public final class StartDiagnosis {
  /** The number of last lines of an instance that are looked at. */
  public static final int LINES = 20;

  private static final int SHOWN_LINES = 3;
  private static final int SHOWN_LENGTH = 300;

  private StartDiagnosis() {}

  /**
   * Describes an instance that is not ready.
   *
   * @param probe the last answer of the probe, or null if it only said no
   * @param lines the last lines that it wrote
   */
  static String notReady(@Nullable String probe, List<String> lines) {
    StringBuilder text = new StringBuilder(probe == null ? "not ready yet" : probe);
    List<String> written = lines.stream().filter(line -> !line.isBlank()).toList();
    if (written.isEmpty()) {
      text.append("; it has written nothing");
    } else {
      text.append("; it wrote last: ");
      written.subList(Math.max(0, written.size() - SHOWN_LINES), written.size()).stream()
          .map(StartDiagnosis::quoted)
          .reduce((a, b) -> a + ", " + b)
          .ifPresent(text::append);
    }
    List<String> words = new ArrayList<>(lines);
    if (probe != null) {
      words.add(probe);
    }
    String hint = FailureHints.find(words);
    return hint == null ? text.toString() : text + "; " + hint;
  }

  /** Adds advice to what a provider said of a failed start, if the instance ran. */
  public static String withHint(String message, @Nullable InstanceExit exit) {
    String hint = exit == null ? null : FailureHints.find(exit);
    return hint == null || message.contains(hint) ? message : message + "; " + hint;
  }

  /** Adds advice to how an instance ended, where there is some. */
  public static InstanceExit withHint(InstanceExit exit) {
    String hint = FailureHints.find(exit);
    if (hint == null) {
      return exit;
    }
    String message = exit.message() == null ? hint : exit.message() + "; " + hint;
    return new InstanceExit(
        exit.exitCode(), exit.outOfMemory(), exit.logTail(), message, exit.at());
  }

  /** Returns what is behind a failed start, or null where that is not recognised. */
  static @Nullable FailureCause cause(
      Instance instance, String message, @Nullable InstanceExit exit) {
    List<String> words = new ArrayList<>(instance.lastLog);
    words.add(message);
    if (instance.lastProbeError != null) {
      words.add(instance.lastProbeError);
    }
    return FailureHints.cause(exit, words);
  }

  /** Returns the last lines of an instance: those of its end, or those that were read before. */
  static List<String> lastLines(Instance instance, @Nullable InstanceExit exit) {
    return exit == null || exit.logTail().isEmpty() ? instance.lastLog : exit.logTail();
  }

  /** Describes an instance that is not ready by what was last found out about it. */
  static String notReady(Instance instance) {
    return notReady(instance.lastProbeError, instance.lastLog);
  }

  private static String quoted(String line) {
    String text = line.strip();
    return "'"
        + (text.length() <= SHOWN_LENGTH ? text : text.substring(0, SHOWN_LENGTH) + "…")
        + "'";
  }
}
