package dev.autodeploy.docker;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Reads a container's log: frames of 8 bytes of head and some of text, or plain text with a tty.
 */
final class LogFrames {
  private static final int HEAD = 8;
  private static final int LINE_LENGTH = 4096;
  private static final int LIMIT = 16 << 20;

  private LogFrames() {}

  static List<String> lines(InputStream in, int limit) throws IOException {
    byte[] all = in.readNBytes(LIMIT);
    Deque<String> lines = new ArrayDeque<>();
    // Output and error output are two texts: a line of one can lie within a line of the other.
    Unfinished[] texts = {new Unfinished(), new Unfinished()};
    if (isFramed(all)) {
      int at = 0;
      while (at + HEAD <= all.length) {
        int length = ByteBuffer.wrap(all, at + 4, 4).getInt();
        int end = (int) Math.min(all.length, at + HEAD + Integer.toUnsignedLong(length));
        texts[all[at] == 2 ? 1 : 0].add(all, at + HEAD, end, lines);
        at = end;
      }
    } else {
      texts[0].add(all, 0, all.length, lines);
    }
    for (Unfinished text : texts) {
      text.finish(lines);
    }
    while (lines.size() > limit) {
      lines.removeFirst();
    }
    return List.copyOf(lines);
  }

  private static boolean isFramed(byte[] bytes) {
    return bytes.length >= HEAD
        && bytes[0] >= 0
        && bytes[0] <= 2
        && bytes[1] == 0
        && bytes[2] == 0
        && bytes[3] == 0;
  }

  private static final class Unfinished {
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    void add(byte[] bytes, int from, int to, Deque<String> lines) {
      for (int i = from; i < to; i++) {
        if (bytes[i] == '\n') {
          finishLine(lines);
        } else if (line.size() < LINE_LENGTH) {
          line.write(bytes[i]);
        }
      }
    }

    void finish(Deque<String> lines) {
      if (line.size() > 0) {
        finishLine(lines);
      }
    }

    private void finishLine(Deque<String> lines) {
      String text = line.toString(StandardCharsets.UTF_8);
      lines.addLast(text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
      line.reset();
    }
  }
}
