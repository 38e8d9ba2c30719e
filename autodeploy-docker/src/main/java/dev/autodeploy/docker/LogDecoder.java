package dev.autodeploy.docker;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Turns the bytes of a container's log into lines, as they come: frames of 8 bytes of head and some
 * of text, or plain text with a tty. Not thread-safe.
 */
final class LogDecoder {
  private static final int HEAD = 8;
  private static final int LINE_LENGTH = 4096;

  private final Consumer<String> lines;
  private final byte[] head = new byte[HEAD];
  private int headLength;
  private boolean plain;
  private long left;
  private int text;

  /** Output and error output are two texts: a line of one can lie within a line of the other. */
  private final ByteArrayOutputStream[] unfinished = {
    new ByteArrayOutputStream(), new ByteArrayOutputStream()
  };

  LogDecoder(Consumer<String> lines) {
    this.lines = lines;
  }

  /** Reads on. */
  void feed(byte[] bytes, int length) {
    for (int i = 0; i < length; i++) {
      if (plain || left > 0) {
        left--;
        add(bytes[i]);
        continue;
      }
      head[headLength++] = bytes[i];
      if (headLength == HEAD) {
        begin();
      }
    }
  }

  private void begin() {
    headLength = 0;
    if (head[0] < 0 || head[0] > 2 || head[1] != 0 || head[2] != 0 || head[3] != 0) {
      plain = true;
      for (byte b : head) {
        add(b);
      }
      return;
    }
    left = Integer.toUnsignedLong(ByteBuffer.wrap(head, 4, 4).getInt());
    text = head[0] == 2 ? 1 : 0;
  }

  private void add(byte b) {
    ByteArrayOutputStream line = unfinished[text];
    if (b == '\n') {
      tell(line);
      line.reset();
    } else if (line.size() < LINE_LENGTH) {
      line.write(b);
    }
  }

  /** Tells the lines that have begun, as they are up to now; they go on all the same. */
  void tellUnfinished() {
    if (headLength > 0 && !plain && left == 0 && unfinished[0].size() == 0) {
      // The end of a plain text that is shorter than a head.
      lines.accept(new String(head, 0, headLength, StandardCharsets.UTF_8));
    }
    for (ByteArrayOutputStream line : unfinished) {
      if (line.size() > 0) {
        tell(line);
      }
    }
  }

  private void tell(ByteArrayOutputStream line) {
    String said = line.toString(StandardCharsets.UTF_8);
    lines.accept(said.endsWith("\r") ? said.substring(0, said.length() - 1) : said);
  }
}
