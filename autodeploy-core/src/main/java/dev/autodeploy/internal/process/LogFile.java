package dev.autodeploy.internal.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What an instance wrote. The instance appends to a file by itself, so that nobody has to be there
 * for it to go on writing; once the file is long its end is moved to a second one.
 */
final class LogFile {
  /** From this size on the file is cut; the same number is in the watcher. */
  static final int MAX_BYTES = 4 << 20;

  /** What is read at the most, and what stays when the file is cut. */
  private static final int TAIL_BYTES = 1 << 20;

  static final int MAX_LINES = 1000;
  static final int MAX_LINE = 2000;

  private final Path file;
  private final Path previous;

  LogFile(Path directory) {
    file = directory.resolve("log");
    previous = directory.resolve("log.1");
  }

  Path path() {
    return file;
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

  /** Cuts the file if it has grown too long. */
  void limit() throws IOException {
    try {
      if (Files.size(file) <= MAX_BYTES) {
        return;
      }
      Files.write(previous, end(file, TAIL_BYTES));
      // The instance appends, and so goes on at the new end. What it writes just now is lost.
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(0);
      }
    } catch (NoSuchFileException e) {
      // The instance has been released.
    }
  }

  private static byte[] end(Path file, int bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long from = Math.max(0, channel.size() - bytes);
      ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(bytes, channel.size() - from));
      while (buffer.hasRemaining() && channel.read(buffer, from + buffer.position()) >= 0) {
        // It may have been cut meanwhile, and then there is less than expected.
      }
      return Arrays.copyOf(buffer.array(), buffer.position());
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
  private static String shown(String line) {
    String text = line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
    text = text.substring(text.lastIndexOf('\r') + 1);
    return text.length() <= MAX_LINE ? text : text.substring(0, MAX_LINE - 1) + "…";
  }
}
