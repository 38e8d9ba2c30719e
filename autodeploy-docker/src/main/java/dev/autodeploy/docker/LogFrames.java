package dev.autodeploy.docker;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Reads a container's log as a whole. */
final class LogFrames {
  private static final int LIMIT = 16 << 20;

  private LogFrames() {}

  /** Returns the last lines of a log. */
  static List<String> lines(InputStream in, int limit) throws IOException {
    byte[] all = in.readNBytes(LIMIT);
    Deque<String> lines = new ArrayDeque<>();
    LogDecoder decoder =
        new LogDecoder(
            line -> {
              lines.addLast(line);
              if (lines.size() > limit) {
                lines.removeFirst();
              }
            });
    decoder.feed(all, all.length);
    decoder.tellUnfinished();
    return List.copyOf(lines);
  }
}
