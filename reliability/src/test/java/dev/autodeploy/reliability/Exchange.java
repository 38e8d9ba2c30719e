package dev.autodeploy.reliability;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;

/**
 * One request on a socket of its own, so that nothing is tried again or pooled behind the test's
 * back.
 */
final class Exchange {
  /** Far more than the thirty seconds that no request may take. */
  private static final int LIMIT_MILLIS = 90_000;

  private Exchange() {}

  /** Sends a request and reads its whole answer, which is to have so many bytes. */
  static Outcome get(URI uri, int expectedBytes) {
    return run(uri, expectedBytes, Integer.MAX_VALUE);
  }

  /** Sends a request and hangs up after so many bytes of its answer. */
  static Outcome abort(URI uri, int afterBytes) {
    return run(uri, Integer.MAX_VALUE, afterBytes);
  }

  private static Outcome run(URI uri, int expected, int abortAfter) {
    long begun = System.nanoTime();
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), uri.getPort()), LIMIT_MILLIS);
      socket.setSoTimeout(LIMIT_MILLIS);
      String head =
          "GET " + uri.getRawPath() + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      InputStream in = new BufferedInputStream(socket.getInputStream());
      return read(in, expected, abortAfter, begun);
    } catch (SocketTimeoutException e) {
      return outcome(Outcome.Kind.LOST, begun, "no answer");
    } catch (IOException e) {
      return outcome(Outcome.Kind.TOLD, begun, "connection: " + e.getMessage());
    }
  }

  private static Outcome read(InputStream in, int expected, int abortAfter, long begun)
      throws IOException {
    String status = line(in);
    if (status.isEmpty()) {
      return outcome(Outcome.Kind.TOLD, begun, "connection: closed without an answer");
    }
    long length = -1;
    boolean chunked = false;
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      String header = line.toLowerCase(Locale.ROOT);
      if (header.startsWith("content-length:")) {
        length = Long.parseLong(header.substring("content-length:".length()).trim());
      }
      chunked |= header.startsWith("transfer-encoding:") && header.contains("chunked");
    }
    if (!status.startsWith("HTTP/1.1 2")) {
      String problem = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return outcome(Outcome.Kind.TOLD, begun, status + " " + problem);
    }
    long body = chunked ? chunks(in, abortAfter) : plain(in, length, abortAfter);
    if (body >= abortAfter) {
      return outcome(Outcome.Kind.ABORTED, begun, "");
    }
    if (body < 0) {
      return outcome(Outcome.Kind.TOLD, begun, "connection: cut within the answer");
    }
    return body == expected
        ? outcome(Outcome.Kind.ANSWERED, begun, "")
        : outcome(Outcome.Kind.LOST, begun, body + " bytes that look whole, not " + expected);
  }

  /** Returns the bytes of the body, or -1 if it was visibly cut. */
  private static long plain(InputStream in, long length, int abortAfter) throws IOException {
    long read = 0;
    while (read < abortAfter && (length < 0 || read < length)) {
      if (in.read() < 0) {
        return length < 0 ? read : -1;
      }
      read++;
    }
    return read;
  }

  private static long chunks(InputStream in, int abortAfter) throws IOException {
    long read = 0;
    while (read < abortAfter) {
      String size = line(in);
      if (size.isEmpty()) {
        return -1;
      }
      int chunk = Integer.parseInt(size, 16);
      if (in.readNBytes(chunk).length < chunk) {
        return -1;
      }
      line(in);
      if (chunk == 0) {
        return read;
      }
      read += chunk;
    }
    return read;
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  private static Outcome outcome(Outcome.Kind kind, long begun, String detail) {
    return new Outcome(kind, Duration.ofNanos(System.nanoTime() - begun), detail);
  }
}
