package dev.autodeploy.proxy.gateway;

import java.util.Set;

/** CORS preflight requests, answered by the link itself. */
final class Preflight {
  private static final String METHOD = "Access-Control-Request-Method";
  private static final String HEADERS = "Access-Control-Request-Headers";

  private Preflight() {}

  static boolean isPreflight(RequestHead head) {
    return head.method().equals("OPTIONS")
        && head.headers().first("Origin") != null
        && head.headers().first(METHOD) != null;
  }

  static boolean allowed(RequestHead head, Set<String> origins) {
    String origin = head.headers().first("Origin");
    return origin != null && (origins.contains(origin) || origins.contains("*"));
  }

  static HttpHeaders response(RequestHead head) {
    HttpHeaders fields = new HttpHeaders();
    fields.add("Access-Control-Allow-Origin", String.valueOf(head.headers().first("Origin")));
    fields.add("Access-Control-Allow-Methods", String.valueOf(head.headers().first(METHOD)));
    String headers = head.headers().first(HEADERS);
    if (headers != null) {
      fields.add("Access-Control-Allow-Headers", headers);
    }
    fields.add("Access-Control-Max-Age", "600");
    fields.add("Vary", "Origin, " + METHOD + ", " + HEADERS);
    return fields;
  }
}
