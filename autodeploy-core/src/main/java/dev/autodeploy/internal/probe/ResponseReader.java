package dev.autodeploy.internal.probe;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The answer of an instance, as far as it is of interest: its status and the start of its body. */
final class ResponseReader {
  private static final int MAX_HEAD = 1 << 16;
  private static final int MAX_BODY = 1 << 16;

  /** The length of the line before a chunk: a size, and extensions that nobody needs. */
  private static final int MAX_CHUNK_LINE = 1 << 12;

  /** The length of all these lines together, which is that of a body in chunks of one byte. */
  private static final int MAX_FRAMING = 8 * MAX_BODY;

  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] ([1-5][0-9][0-9])( .*)?");

  private final InputStream in;
  private final String what;
  private int left;
  private int status;
  private boolean chunked;
  private long length;

  /**
   * Makes one.
   *
   * @param in the connection
   * @param what the request, for errors
   */
  ResponseReader(InputStream in, String what) {
    this.in = in;
    this.what = what;
  }

  int status() {
    return status;
  }

  /** Reads the head; interim responses before it are passed over. */
  void readHead(String method) throws IOException {
    left = MAX_HEAD;
    do {
      Matcher line = STATUS.matcher(headLine());
      if (!line.matches()) {
        throw new IOException(what + " was answered with something else than HTTP/1.1");
      }
      status = Integer.parseInt(line.group(1));
      chunked = false;
      length = Long.MAX_VALUE; // up to the end of the connection
      for (String field = headLine(); !field.isEmpty(); field = headLine()) {
        note(field);
      }
    } while (status < 200 && status != 101);
    if (method.equals("HEAD") || status < 200 || status == 204 || status == 304) {
      chunked = false;
      length = 0;
    }
  }

  private void note(String field) throws IOException {
    int colon = field.indexOf(':');
    String name = field.substring(0, Math.max(0, colon)).strip().toLowerCase(Locale.ROOT);
    String value = field.substring(colon + 1).strip();
    if (name.equals("transfer-encoding")) {
      chunked = value.toLowerCase(Locale.ROOT).endsWith("chunked");
    } else if (name.equals("content-length")) {
      length = number(value, 10);
    }
  }

  private long number(String digits, int radix) throws IOException {
    try {
      return Long.parseLong(digits, radix);
    } catch (NumberFormatException e) {
      throw new IOException(what + " was answered with a body of unknown length", e);
    }
  }

  private String headLine() throws IOException {
    return line(MAX_HEAD, " was answered with a head without end");
  }

  private String chunkLine() throws IOException {
    return line(MAX_CHUNK_LINE, " was answered with chunks whose sizes have no end");
  }

  /** Reads a line of the head, or of the framing of a body. */
  private String line(int longest, String tooLong) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException(what + " was not answered: the connection was closed");
      }
      if (--left < 0 || line.size() == longest) {
        throw new IOException(what + tooLong);
      }
      line.write(c);
    }
    left--;
    String text = line.toString(StandardCharsets.ISO_8859_1);
    return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
  }

  /** Reads the beginning of the body; the trailers after it are of no interest. */
  void readBody(ByteArrayOutputStream into) throws IOException {
    left = MAX_FRAMING;
    while (chunked && into.size() < MAX_BODY) {
      String size = chunkLine().split(";", 2)[0].strip();
      long chunk = number(size, 16);
      if (chunk <= 0 || !copy(chunk, into)) {
        return;
      }
      if (!chunkLine().isEmpty()) {
        throw new IOException(what + " was answered with a chunk longer than its size");
      }
    }
    if (!chunked) {
      copy(length, into);
    }
  }

  /** Copies bytes; returns whether all of them were there, and wanted. */
  private boolean copy(long bytes, ByteArrayOutputStream into) throws IOException {
    byte[] piece = new byte[4096];
    long left = bytes;
    while (left > 0 && into.size() < MAX_BODY) {
      int n = in.read(piece, 0, (int) Math.min(left, piece.length));
      if (n < 0) {
        return false;
      }
      into.write(piece, 0, n);
      left -= n;
    }
    return left == 0;
  }
}
