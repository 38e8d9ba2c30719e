package dev.autodeploy.console;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import dev.autodeploy.internal.document.ProblemType;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request to the API that passed the guard.
 *
 * @param exchange the exchange
 * @param method the method; GET for HEAD
 * @param path the segments after {@code -/api/}
 * @param query the query's parameters
 */
record Request(HttpExchange exchange, String method, List<String> path, Map<String, String> query) {

  /** The largest size of a body: that of a form with room for a large environment. */
  static final int MAX_BODY = 64 * 1024;

  static Request of(HttpExchange exchange, String path) {
    String method = exchange.getRequestMethod();
    return new Request(
        exchange,
        method.equals("HEAD") ? "GET" : method,
        List.of(path.split("/", -1)),
        query(exchange.getRequestURI().getRawQuery()));
  }

  private static Map<String, String> query(@Nullable String raw) {
    Map<String, String> query = new HashMap<>();
    if (raw != null) {
      for (String pair : raw.split("&", -1)) {
        if (pair.isEmpty()) {
          continue; // as behind a question mark with nothing
        }
        int equals = pair.indexOf('=');
        String name = equals < 0 ? pair : pair.substring(0, equals);
        query.put(decoded(name), equals < 0 ? "" : decoded(pair.substring(equals + 1)));
      }
    }
    return query;
  }

  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw ProblemException.badRequest("the query is not URL-encoded");
    }
  }

  int number(String parameter, int otherwise, int min, int max) {
    String value = query.get(parameter);
    if (value == null) {
      return otherwise;
    }
    try {
      int number = Integer.parseInt(value);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Answered below, as a number that is out of range.
    }
    throw ProblemException.invalid(parameter, parameter + " must be " + min + " to " + max);
  }

  /** Reads the body, which must be a JSON object; a body that is absent counts as an empty one. */
  ObjectNode body() throws IOException {
    ServerWorkers.waitingForClient();
    byte[] bytes;
    try {
      bytes = exchange.getRequestBody().readNBytes(MAX_BODY + 1);
    } finally {
      ServerWorkers.working();
    }
    if (bytes.length > MAX_BODY) {
      throw new ProblemException(
          ProblemType.BODY_TOO_LARGE, "the body may have at most " + MAX_BODY + " bytes");
    }
    if (bytes.length == 0) {
      return ConsoleJson.object();
    }
    String type = exchange.getRequestHeaders().getFirst("Content-Type");
    String essence = type == null ? "" : type.split(";", 2)[0].trim().toLowerCase(Locale.ROOT);
    if (!essence.equals("application/json") && !essence.equals("application/merge-patch+json")) {
      throw new ProblemException(
          ProblemType.UNSUPPORTED_MEDIA_TYPE, "the body must be application/json");
    }
    try {
      if (ConsoleJson.parse(new String(bytes, StandardCharsets.UTF_8))
          instanceof ObjectNode object) {
        return object;
      }
    } catch (JsonProcessingException e) {
      throw ProblemException.badRequest("the body is not JSON: " + e.getOriginalMessage());
    }
    throw ProblemException.badRequest("the body must be a JSON object");
  }
}
