package dev.autodeploy.replay;

import java.util.List;

/** An error of a file of requests: lines of it cannot be read. */
public final class TrafficFormatException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int SHOWN = 10;

  private final transient List<String> problems;

  TrafficFormatException(String name, List<String> problems) {
    super(message(name, problems));
    this.problems = List.copyOf(problems);
  }

  private static String message(String name, List<String> problems) {
    String shown = String.join("\n  ", problems.subList(0, Math.min(SHOWN, problems.size())));
    int more = problems.size() - SHOWN;
    return name
        + ": "
        + problems.size()
        + (problems.size() == 1 ? " line cannot be read" : " lines cannot be read")
        + "; correct them, or have them skipped:\n  "
        + shown
        + (more > 0 ? "\n  and " + more + " more" : "");
  }

  /**
   * Returns what is wrong, line by line.
   *
   * @return a text with the line's number for each line, the first 1000
   */
  public List<String> problems() {
    return problems;
  }
}
