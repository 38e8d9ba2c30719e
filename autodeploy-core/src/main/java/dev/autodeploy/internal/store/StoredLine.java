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

  /** Reads the line of that number, which begins at that byte; null at the file's end. */
  static @Nullable StoredLine next(InputStream in, int number, long start) throws IOException {
    int b = in.read();
    if (b < 0) {
      return null;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(300);
    for (; b >= 0 && b != '\n'; b = in.read()) {
      bytes.write(b);
    }
    boolean terminated = b >= 0;
    long end = start + bytes.size() + (terminated ? 1 : 0);
    return new StoredLine(number, bytes.toByteArray(), terminated, end);
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
    return torn && !Json.isObjectAndMore(bytes);
  }

  /** Returns its beginning for a log. The ledger has no secrets, but this may be anything. */
  String shown() {
    String text = PlainText.line(new String(bytes, StandardCharsets.UTF_8));
    return text.length() <= SHOWN_CHARACTERS
        ? text
        : text.substring(0, SHOWN_CHARACTERS) + "... (" + bytes.length + " bytes)";
  }
}
