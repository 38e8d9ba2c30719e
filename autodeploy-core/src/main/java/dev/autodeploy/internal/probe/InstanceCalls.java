package dev.autodeploy.internal.probe;

import dev.autodeploy.SleepMode;
import dev.autodeploy.internal.util.Durations;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Requests to an instance by HTTP that are not a caller's, such as to put it to sleep. */
public final class InstanceCalls {
  private static final int CONNECT_MILLIS = 2000;
  private static final int MAX_BODY = 1 << 16;

  private InstanceCalls() {}

  /**
   * Checks a path and query.
   *
   * @throws IllegalArgumentException if it could be read as anything else than a path on the
   *     instance
   */
  public static void checkPath(String path) {
    ProbePath.check(path);
  }

  /**
   * Sends a request.
   *
   * @param endpoint the instance; null while it has none
   * @return the beginning of the answer's body
   * @throws IOException if it is not answered in time, or not with a status of 200 to 299
   */
  public static String send(@Nullable URI endpoint, SleepMode.Request request) throws IOException {
    if (endpoint == null) {
      throw new IOException("the instance has no endpoint");
    }
    Duration timeout = request.timeout();
    long deadline = System.nanoTime() + timeout.toNanos();
    int millis = (int) Math.max(1, timeout.toMillis());
    String what = request.method() + " " + request.path();
    HttpURLConnection connection =
        (HttpURLConnection)
            ProbePath.at(endpoint, request.path()).toURL().openConnection(Proxy.NO_PROXY);
    try {
      connection.setConnectTimeout(Math.min(millis, CONNECT_MILLIS));
      connection.setReadTimeout(millis);
      connection.setInstanceFollowRedirects(false);
      connection.setUseCaches(false);
      connection.setRequestMethod(request.method());
      connection.setRequestProperty("User-Agent", "AutoDeploy");
      connection.setRequestProperty("Connection", "close");
      if (!request.method().equals("GET")) {
        write(connection, request.body());
      }
      int status = connection.getResponseCode();
      if (status < 200 || status > 299) {
        throw new IOException(what + " answered " + status);
      }
      return read(connection, deadline);
    } catch (SocketTimeoutException e) {
      throw new IOException(what + " was not answered within " + Durations.text(timeout), e);
    } catch (StackOverflowError e) { // the JDK reads interim responses by recursion, for ever
      throw new IOException(what + " answered with interim responses without end", e);
    } finally {
      connection.disconnect();
    }
  }

  private static void write(HttpURLConnection connection, @Nullable String body)
      throws IOException {
    byte[] bytes = body == null ? new byte[0] : body.getBytes(StandardCharsets.UTF_8);
    connection.setDoOutput(true);
    connection.setFixedLengthStreamingMode(bytes.length); // a stream is never sent twice
    if (body != null) {
      connection.setRequestProperty("Content-Type", "application/json");
    }
    try (var out = connection.getOutputStream()) {
      out.write(bytes);
    }
  }

  /** Reads the beginning of an answer; one that drips does not keep whoever asked. */
  static String read(HttpURLConnection connection, long deadline) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    InputStream in =
        connection.getErrorStream() == null
            ? connection.getInputStream()
            : connection.getErrorStream();
    byte[] piece = new byte[4096];
    for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
      text.write(piece, 0, n);
      if (text.size() > MAX_BODY || System.nanoTime() - deadline > 0) {
        break;
      }
    }
    return text.toString(StandardCharsets.UTF_8);
  }
}
