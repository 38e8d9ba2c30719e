package dev.autodeploy.proxy.gateway;

import java.util.Locale;
import java.util.Set;

/**
 * The rules for the fields behind a body: they pass, but for those that a recipient would have
 * needed before, or that only the link may say (RFC 9110, 6.5.1).
 */
public final class TrailerRules {
  private static final Set<String> NEEDED_BEFORE =
      Set.of(
          "age",
          "authorization",
          "cache-control",
          "content-encoding",
          "content-length",
          "content-range",
          "content-type",
          "cookie",
          "expires",
          "location",
          "max-forwards",
          "range",
          "retry-after",
          "set-cookie",
          "vary",
          "www-authenticate");

  private TrailerRules() {}

  /**
   * Returns the fields behind a body that go on to the other side.
   *
   * @param trailers the fields as they came
   * @return those that pass
   */
  public static HttpHeaders passing(HttpHeaders trailers) {
    HttpHeaders out = new HttpHeaders();
    for (int i = 0; i < trailers.size(); i++) {
      String name = trailers.name(i);
      if (RequestGuard.isToken(name)
          && RequestGuard.isValue(trailers.value(i))
          && passes(name.toLowerCase(Locale.ROOT))) {
        out.add(name, trailers.value(i));
      }
    }
    return out;
  }

  private static boolean passes(String name) {
    return !NEEDED_BEFORE.contains(name) && !HeaderRules.isReserved(name);
  }

  /** Tells an instance which fields follow the body, and whether the client reads any. */
  static void announceToInstance(HttpHeaders from, HttpHeaders to) {
    copy(from, to);
    if (from.tokens("TE").contains("trailers")) {
      to.add("TE", "trailers").add("Connection", "TE");
    }
  }

  /** Tells a client which fields follow the body. */
  static void announceToClient(HttpHeaders from, HttpHeaders to) {
    copy(from, to);
  }

  private static void copy(HttpHeaders from, HttpHeaders to) {
    for (String names : from.all("Trailer")) {
      if (RequestGuard.isValue(names)) {
        to.add("Trailer", names);
      }
    }
  }
}
