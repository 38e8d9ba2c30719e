package dev.autodeploy.proxy.gateway;

import java.util.Set;

/** The question of a browser whether a page may call the link: answered without any instance. */
final class Preflight {
  private static final String METHOD = "Access-Control-Request-Method";
  private static final String HEADERS = "Access-Control-Request-Headers";

  private Preflight() {}

  static boolean is(RequestHead head) {
    return head.method().equals("OPTIONS")
        && head.fields().first("Origin") != null
        && head.fields().first(METHOD) != null;
  }

  static boolean allowed(RequestHead head, Set<String> origins) {
    String origin = head.fields().first("Origin");
    return origin != null && (origins.contains(origin) || origins.contains("*"));
  }

  static Fields answer(RequestHead head) {
    Fields fields = new Fields();
    fields.add("Access-Control-Allow-Origin", String.valueOf(head.fields().first("Origin")));
    fields.add("Access-Control-Allow-Methods", String.valueOf(head.fields().first(METHOD)));
    String headers = head.fields().first(HEADERS);
    if (headers != null) {
      fields.add("Access-Control-Allow-Headers", headers);
    }
    fields.add("Access-Control-Max-Age", "600");
    fields.add("Vary", "Origin, " + METHOD + ", " + HEADERS);
    return fields;
  }
}
