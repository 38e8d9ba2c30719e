package dev.autodeploy.internal.deployment;

import dev.autodeploy.internal.text.FailureHints;
import dev.autodeploy.spi.InstanceExit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The words for an instance that is not ready, or that ended: what is known, and advice. */
final class StartDiagnosis {
  /** The number of last lines of an instance that are looked at. */
  static final int LINES = 20;

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
  static String withHint(String message, @Nullable InstanceExit exit) {
    String hint = exit == null ? null : hint(exit);
    return hint == null || message.contains(hint) ? message : message + "; " + hint;
  }

  /** Adds advice to how an instance ended, where there is some. */
  static InstanceExit withHint(InstanceExit exit) {
    String hint = hint(exit);
    if (hint == null) {
      return exit;
    }
    String message = exit.message() == null ? hint : exit.message() + "; " + hint;
    return new InstanceExit(
        exit.exitCode(), exit.outOfMemory(), exit.logTail(), message, exit.at());
  }

  private static @Nullable String hint(InstanceExit exit) {
    List<String> words = new ArrayList<>(exit.logTail());
    if (exit.message() != null) {
      words.add(exit.message());
    }
    return FailureHints.find(words);
  }

  private static String quoted(String line) {
    String text = line.strip();
    return "'"
        + (text.length() <= SHOWN_LENGTH ? text : text.substring(0, SHOWN_LENGTH) + "…")
        + "'";
  }
}
