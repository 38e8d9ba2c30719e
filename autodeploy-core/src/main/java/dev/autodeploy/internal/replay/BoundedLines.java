package dev.autodeploy.internal.replay;

import java.io.IOException;
import java.io.Reader;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a text of which neither a line nor the whole has to end, such as what a small file
 * decompresses to. Of a line that is too long the beginning is kept.
 */
public final class BoundedLines {
  /** The most characters of a line. */
  public static final int LONGEST = 1 << 16;

  private final Reader text;
  private final long most;
  private final char[] piece = new char[8192];
  private final StringBuilder line = new StringBuilder();
  private int at;
  private int end;
  private long read;
  private long number;
  private boolean cut;
  private boolean afterReturn;

  /**
   * Reads a text.
   *
   * @param text the text
   * @param most its most characters
   */
  public BoundedLines(Reader text, long most) {
    this.text = text;
    this.most = most;
  }

  /**
   * Returns the next line without its end, or null after the last one.
   *
   * @throws IOException if it cannot be read, or the text is too long
   */
  public @Nullable String next() throws IOException {
    line.setLength(0);
    cut = false;
    boolean any = false;
    while (fill()) {
      char c = piece[at++];
      if (c == '\n' && afterReturn) { // the second half of the end before
        afterReturn = false;
        continue;
      }
      any = true;
      afterReturn = c == '\r';
      if (c == '\n' || c == '\r') {
        break;
      }
      if (line.length() < LONGEST) {
        line.append(c);
      } else {
        cut = true;
      }
    }
    if (!any) {
      return null;
    }
    number++;
    return line.toString();
  }

  private boolean fill() throws IOException {
    if (at < end) {
      return true;
    }
    at = 0;
    end = text.read(piece);
    read += Math.max(0, end);
    if (read > most) {
      throw new IOException("the text has more than " + most + " characters: read it in parts");
    }
    return end > 0;
  }

  /** Returns the number of the last line, from 1. */
  public long number() {
    return number;
  }

  /** Returns whether the last line is only the beginning of one that was too long. */
  public boolean isCut() {
    return cut;
  }
}
