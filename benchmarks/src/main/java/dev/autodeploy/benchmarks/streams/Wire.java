package dev.autodeploy.benchmarks.streams;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** The HTTP that the two ends of these benchmarks need. */
final class Wire {
  private Wire() {}

  static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(US_ASCII));
  }

  static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new EOFException("hung up in a line");
      }
      if (b != '\r') {
        line.append((char) b);
      }
    }
    return line.toString();
  }

  /** Reads a head, and returns it in lower case. */
  static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      head.append(line.toLowerCase(java.util.Locale.ROOT)).append('\n');
    }
    return head.toString();
  }

  /** Reads the first line and the head of an answer that has to be a 200. */
  static String answer(InputStream in) throws IOException {
    String head = head(in);
    if (!head.startsWith("http/1.1 200")) {
      throw new IOException("not the answer that was expected: " + head);
    }
    return head;
  }
}
