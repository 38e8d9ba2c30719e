package dev.autodeploy.proxy.gateway;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** The parameters of a query, for what the link responds to itself. */
final class QueryParameters {
  private QueryParameters() {}

  /**
   * Reads a query.
   *
   * @param query the query without its question mark, empty for none
   * @return the parameters; of one that is there twice, the last
   * @throws IllegalArgumentException if it is not URL-encoded
   */
  static Map<String, String> of(String query) {
    Map<String, String> parameters = new HashMap<>();
    for (String pair : query.split("&", -1)) {
      int equals = pair.indexOf('=');
      if (equals > 0) {
        parameters.put(decoded(pair.substring(0, equals)), decoded(pair.substring(equals + 1)));
      }
    }
    return parameters;
  }

  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("the query is not URL-encoded", e);
    }
  }
}
