package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.EOFException;
import java.io.IOException;

/** Reads lines and bytes off a connection, as strictly as RFC 9112 allows. Not thread-safe. */
final class HttpReader {
  private static final int BUFFER = 8192;

  private final Source source;
  private final byte[] buffer = new byte[BUFFER];
  private int position;
  private int limit;

  HttpReader(Source source) {
    this.source = source;
  }

  /** The source of bytes. */
  interface Source {
    /**
     * Reads what there is, waiting for the first byte.
     *
     * @param into where to
     * @param offset from which index on
     * @param length how many at most
     * @return how many, or -1 at the end
     * @throws IOException if the connection broke
     */
    int read(byte[] into, int offset, int length) throws IOException;
  }

  boolean isEmpty() {
    return position == limit;
  }

  int buffered() {
    return limit - position;
  }

  /** Fills an empty buffer with what there is, which may be nothing. */
  void fillFrom(Source nonBlocking) throws IOException {
    if (position == limit) {
      position = 0;
      limit = Math.max(0, nonBlocking.read(buffer, 0, BUFFER));
    }
  }

  /** Returns a buffered byte without taking it. */
  byte peek(int ahead) {
    return buffer[position + ahead];
  }

  private boolean fill() throws IOException {
    position = 0;
    limit = 0;
    int n = source.read(buffer, 0, BUFFER);
    if (n > 0) {
      limit = n;
    }
    return n > 0;
  }

  /** Reads up to a number of bytes; -1 at the end. Big reads do not go through the buffer. */
  int read(byte[] into, int offset, int length) throws IOException {
    if (position == limit) {
      if (length >= BUFFER) {
        return source.read(into, offset, length);
      }
      if (!fill()) {
        return -1;
      }
    }
    int n = Math.min(length, limit - position);
    System.arraycopy(buffer, position, into, offset, n);
    position += n;
    return n;
  }

  /**
   * Reads a line that ends with CR LF.
   *
   * @param max how long it may be
   * @return the line without its end
   * @throws IOException if it is longer, holds a lone CR or LF, or the connection ends
   */
  String line(int max) throws IOException {
    StringBuilder line = null;
    while (true) {
      if (position == limit && !fill()) {
        throw new EOFException("the connection ended in the middle of a line");
      }
      int start = position;
      while (position < limit && buffer[position] != '\r' && buffer[position] != '\n') {
        position++;
      }
      String part = new String(buffer, start, position - start, ISO_8859_1);
      if ((line == null ? 0 : line.length()) + part.length() > max) {
        throw new IOException("a line is longer than " + max + " bytes");
      }
      if (position == limit) {
        line = (line == null ? new StringBuilder(part.length() + 64) : line).append(part);
        continue;
      }
      if (buffer[position++] != '\r') {
        throw new IOException("a line ends without a carriage return");
      }
      lineFeed();
      return line == null ? part : line.append(part).toString();
    }
  }

  private void lineFeed() throws IOException {
    if (position == limit && !fill()) {
      throw new EOFException("the connection ended in the middle of a line");
    }
    if (buffer[position++] != '\n') {
      throw new IOException("a line holds a lone carriage return");
    }
  }
}
