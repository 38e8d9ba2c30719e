package dev.autodeploy.console;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A complete HTTP response, mostly with a JSON body. Immutable.
 *
 * @param status the status code
 * @param type the content type
 * @param body the body, possibly empty
 * @param headers further headers
 */
record JsonResponse(int status, String type, String body, Map<String, String> headers) {

  static JsonResponse json(int status, ObjectNode body) {
    return new JsonResponse(status, "application/json", ConsoleJson.text(body), Map.of());
  }

  static JsonResponse problem(int status, ObjectNode body) {
    return new JsonResponse(status, "application/problem+json", ConsoleJson.text(body), Map.of());
  }

  static JsonResponse empty(int status) {
    return new JsonResponse(status, "", "", Map.of());
  }

  JsonResponse with(String header, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(header, value);
    return new JsonResponse(status, type, body, more);
  }

  void send(HttpExchange exchange) throws IOException {
    ServerWorkers.waitingForClient();
    headers.forEach((name, value) -> exchange.getResponseHeaders().set(name, value));
    if (!type.isEmpty()) {
      exchange.getResponseHeaders().set("Content-Type", type);
    }
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    boolean head = exchange.getRequestMethod().equals("HEAD");
    if (bytes.length == 0 || head) {
      if (head) {
        exchange.getResponseHeaders().set("Content-Length", String.valueOf(bytes.length));
      }
      exchange.sendResponseHeaders(status, -1);
    } else {
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
    exchange.close();
  }
}
