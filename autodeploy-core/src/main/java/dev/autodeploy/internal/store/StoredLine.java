package dev.autodeploy.internal.store;

import dev.autodeploy.internal.text.PlainText;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A line as it is read from a file, whatever is in it. */
final class StoredLine {
  private static final int SHOWN_CHARACTERS = 200;

  private final int number;
  private final byte[] bytes;
  private final boolean terminated;
  private final long end;

  private StoredLine(int number, byte[] bytes, boolean terminated, long end) {
    this.number = number;
    this.bytes = bytes;
    this.terminated = terminated;
    this.end = end;
  }

  /** Returns its number, from 1. */
  int number() {
    return number;
  }

  /** Returns its content without the line break. */
  byte[] bytes() {
    return bytes;
  }

  /** Returns where the next one begins. */
  long end() {
    return end;
  }

  /**
   * Returns whether this can be what is left of a write that was not completed, if it is the last
   * line: it has no line break, or it has one and what comes before it never reached the disk,
   * which reads as zeros. A whole object with more behind it is none: that is a confirmed line
   * whose line break was damaged.
   */
  boolean isTorn() {
    boolean torn = !terminated;
    for (byte b : bytes) {
      torn |= b == 0;
    }
    return torn && !StrictJson.isObjectAndMore(bytes);
  }

  /** Returns its beginning for a log. The ledger has no secrets, but this may be anything. */
  String shown() {
    String text = PlainText.line(new String(bytes, StandardCharsets.UTF_8));
    return text.length() <= SHOWN_CHARACTERS
        ? text
        : text.substring(0, SHOWN_CHARACTERS) + "... (" + bytes.length + " bytes)";
  }

  /** Reads a file line by line, from its beginning. */
  static final class Reader {
    private final InputStream in;
    private final byte[] buffer = new byte[1 << 16];
    private final long limitOfLine = ReadLimit.bytes();
    private int position;
    private int limit;
    private int number;
    private long end;

    Reader(InputStream in) {
      this.in = in;
    }

    /** Returns the next line, or null at the file's end. */
    @Nullable StoredLine next() throws IOException {
      if (!fill()) {
        return null;
      }
      ByteArrayOutputStream whole = new ByteArrayOutputStream(512);
      boolean terminated = false;
      while (!terminated && fill()) {
        int from = position;
        while (position < limit && buffer[position] != '\n') {
          position++;
        }
        terminated = position < limit;
        whole.write(buffer, from, position - from);
        ReadLimit.check(whole.size(), limitOfLine);
        position += terminated ? 1 : 0;
      }
      end += whole.size() + (terminated ? 1 : 0);
      return new StoredLine(++number, whole.toByteArray(), terminated, end);
    }

    /** Returns whether there are bytes left. */
    private boolean fill() throws IOException {
      if (position == limit) {
        position = 0;
        limit = Math.max(0, in.read(buffer));
      }
      return limit > 0;
    }
  }
}
