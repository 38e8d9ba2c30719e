package dev.autodeploy.kubernetes;

import java.io.IOException;
import java.io.Reader;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a log that is followed. One that is longer than a maximum counts as several: a
 * service may write without ever ending one. Not thread-safe.
 */
final class LogLines {
  private final Reader in;
  private final int longest;
  private final StringBuilder line = new StringBuilder();

  /**
   * Creates them.
   *
   * @param in the log, which should be buffered
   * @param longest how many characters of a line are kept in memory
   */
  LogLines(Reader in, int longest) {
    this.in = in;
    this.longest = longest;
  }

  /** Returns the next line, or null at the end. */
  @Nullable String next() throws IOException {
    line.setLength(0);
    int c = in.read();
    if (c < 0) {
      return null;
    }
    while (c >= 0 && c != '\n') {
      line.append((char) c);
      if (line.length() == longest) {
        break;
      }
      c = in.read();
    }
    if (c == '\n' && !line.isEmpty() && line.charAt(line.length() - 1) == '\r') {
      line.setLength(line.length() - 1);
    }
    return line.toString();
  }
}
