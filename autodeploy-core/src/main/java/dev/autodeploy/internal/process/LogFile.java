package dev.autodeploy.internal.process;

import dev.autodeploy.internal.files.RegularFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The output of an instance. A process beside its watcher copies it from a pipe into a file, and
 * moves that one away when it is long; so nobody else has to be there for it to stay short, however
 * fast the instance writes.
 */
final class LogFile {
  /** The name of the file that grows. */
  static final String NAME = "log";

  /** The name of the one before. */
  static final String PREVIOUS = "log.1";

  /** The bound of each of the two files; it follows from the numbers in the watcher. */
  static final int MAX_BYTES = 5 << 20;

  /** The most that is read at once. */
  private static final int TAIL_BYTES = 1 << 20;

  static final int MAX_LINES = 1000;
  static final int MAX_LINE = 2000;

  private final Path file;
  private final Path previous;

  LogFile(Path directory) {
    file = directory.resolve(NAME);
    previous = directory.resolve(PREVIOUS);
  }

  Path path() {
    return file;
  }

  Path previousPath() {
    return previous;
  }

  /** Returns the last lines, oldest first, as many as there are and {@value #MAX_LINES} at most. */
  List<String> tail(int lines) {
    if (lines <= 0) {
      return List.of();
    }
    int wanted = Math.min(lines, MAX_LINES);
    try {
      // A short read mostly has what is wanted, and a probe for a log line reads often.
      List<String> found = List.of();
      for (int bytes = TAIL_BYTES >> 4; bytes <= TAIL_BYTES; bytes <<= 2) {
        byte[] end = end(file, bytes);
        boolean whole = end.length < bytes;
        found = lines(whole ? join(end(previous, bytes - end.length), end) : end);
        if (whole || found.size() > wanted) {
          break;
        }
      }
      return List.copyOf(found.subList(Math.max(0, found.size() - wanted), found.size()));
    } catch (IOException e) {
      throw new UncheckedIOException("the log " + file + " could not be read", e);
    }
  }

  private static byte[] end(Path file, int bytes) throws IOException {
    try {
      return RegularFile.tail(file, bytes);
    } catch (NoSuchFileException e) {
      return new byte[0];
    }
  }

  private static byte[] join(byte[] first, byte[] second) {
    byte[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }

  private static List<String> lines(byte[] bytes) {
    List<String> lines = new ArrayList<>();
    for (String line : new String(bytes, StandardCharsets.UTF_8).split("\n", -1)) {
      lines.add(shown(line));
    }
    if (lines.get(lines.size() - 1).isEmpty()) {
      lines.remove(lines.size() - 1); // what follows the last line break
    }
    return lines;
  }

  /** A line as a terminal would show it: progress bars write over themselves. */
  static String shown(String line) {
    String text = line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
    text = text.substring(text.lastIndexOf('\r') + 1);
    return text.length() <= MAX_LINE ? text : text.substring(0, MAX_LINE - 1) + "…";
  }
}
