package dev.autodeploy.reliability;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
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

  /** Sends a request and reads its whole answer. */
  static Outcome get(URI uri, String expected) {
    return run(uri, expected, Integer.MAX_VALUE);
  }

  /** Sends a request and hangs up after so many bytes of its answer. */
  static Outcome abort(URI uri, String expected, int afterBytes) {
    return run(uri, expected, afterBytes);
  }

  private static Outcome run(URI uri, String expected, int abortAfter) {
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
    } catch (IllegalArgumentException e) {
      return outcome(Outcome.Kind.LOST, begun, "garbled: " + e.getMessage());
    }
  }

  private static Outcome read(InputStream in, String expected, int abortAfter, long begun)
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
    if (!status.matches("HTTP/1\\.1 [2-5]\\d\\d .*")) {
      throw new IllegalArgumentException("not a status: " + status);
    }
    if (!status.startsWith("HTTP/1.1 2")) {
      String problem = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return outcome(Outcome.Kind.TOLD, begun, status + " " + problem);
    }
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    boolean cut = chunked ? !chunks(in, abortAfter, body) : !plain(in, length, abortAfter, body);
    if (cut) {
      return outcome(Outcome.Kind.TOLD, begun, "connection: cut within the answer");
    }
    String text = body.toString(StandardCharsets.ISO_8859_1);
    if (text.length() >= abortAfter && expected.startsWith(text)) {
      return outcome(Outcome.Kind.ABORTED, begun, "");
    }
    return text.equals(expected)
        ? outcome(Outcome.Kind.ANSWERED, begun, "")
        : outcome(
            Outcome.Kind.LOST,
            begun,
            text.length() + " bytes look whole, but are not the " + expected.length());
  }

  /** Reads the body, or as much of it as is wanted; returns false if it was visibly cut. */
  private static boolean plain(
      InputStream in, long length, int abortAfter, ByteArrayOutputStream body) throws IOException {
    while (body.size() < abortAfter && (length < 0 || body.size() < length)) {
      int read = in.read();
      if (read < 0) {
        return length < 0;
      }
      body.write(read);
    }
    return true;
  }

  private static boolean chunks(InputStream in, int abortAfter, ByteArrayOutputStream body)
      throws IOException {
    while (body.size() < abortAfter) {
      String size = line(in);
      if (size.isEmpty()) {
        return false;
      }
      byte[] chunk = in.readNBytes(Integer.parseInt(size, 16));
      if (chunk.length < Integer.parseInt(size, 16)) {
        return false;
      }
      if (!line(in).isEmpty()) {
        throw new IllegalArgumentException("a chunk is longer than " + size);
      }
      if (chunk.length == 0) {
        return true;
      }
      body.writeBytes(chunk);
    }
    return true;
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
