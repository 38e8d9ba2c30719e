package dev.autodeploy.internal.probe;

import dev.autodeploy.SleepMode;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Requests to an instance by HTTP that are not a caller's, such as to put it to sleep. */
public final class InstanceCalls {
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
    Map<String, String> fields = new HashMap<>();
    fields.put("User-Agent", "AutoDeploy");
    String text = request.body();
    if (text != null) {
      fields.put("Content-Type", "application/json");
    }
    byte[] body =
        request.method().equals("GET")
            ? null
            : (text == null ? "" : text).getBytes(StandardCharsets.UTF_8);
    URI address = ProbePath.at(endpoint, request.path());
    try (InstanceExchange exchange =
        InstanceExchange.begin(address, request.method(), fields, body, request.timeout())) {
      int status = exchange.status();
      if (status < 200 || status > 299) {
        throw new IOException(request.method() + " " + request.path() + " answered " + status);
      }
      return exchange.text();
    }
  }
}
