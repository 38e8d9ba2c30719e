package dev.autodeploy.proxy.gateway;

import java.util.Locale;

/** The mapping of cookies that an instance sets: their path and domain become the link's. */
final class CookieMapping {
  private CookieMapping() {}

  /**
   * Returns a cookie as the client is to see it.
   *
   * @param value the value of {@code Set-Cookie}
   * @param mapping what maps paths and domains
   * @return the value, with every other attribute as it was
   */
  static String map(String value, LinkMapping mapping) {
    // Browsers take a cookie with this prefix for the path "/" only, so it can be no other.
    boolean keepsPath =
        !mapping.changesPaths() || value.stripLeading().regionMatches(true, 0, "__Host-", 0, 7);
    StringBuilder out = new StringBuilder(value.length() + 16);
    boolean hasPath = false;
    int start = 0;
    while (start <= value.length()) {
      int end = value.indexOf(';', start);
      String part = value.substring(start, end < 0 ? value.length() : end);
      append(out, part, start == 0, keepsPath, mapping);
      if (start > 0 && attribute(part).equals("path")) {
        hasPath = value(part).startsWith("/"); // of several the last one counts
      }
      if (end < 0) {
        break;
      }
      start = end + 1;
    }
    String needed = keepsPath ? null : mapping.pathOfCookies();
    if (needed != null && !hasPath) {
      out.append("; Path=").append(needed);
    }
    return out.toString();
  }

  /** Returns the name of an attribute in lower case. */
  private static String attribute(String part) {
    int equals = part.indexOf('=');
    return part.substring(0, equals < 0 ? part.length() : equals).strip().toLowerCase(Locale.ROOT);
  }

  /** Returns the value of an attribute, empty for none. */
  private static String value(String part) {
    int equals = part.indexOf('=');
    return equals < 0 ? "" : part.substring(equals + 1).strip();
  }

  private static void append(
      StringBuilder out, String part, boolean pair, boolean keepsPath, LinkMapping mapping) {
    int equals = part.indexOf('=');
    String name = pair ? "" : attribute(part);
    String of = value(part);
    if (name.equals("domain") && mapping.isInstanceDomain(of)) {
      return; // without it the cookie is for the host that the client asked
    }
    if (!pair) {
      out.append(';');
    }
    if (name.equals("path") && of.startsWith("/") && !keepsPath) {
      String path = mapping.path(of);
      // A cookie for "/d/name" is sent to it and below, one for "/d/name/" below only.
      boolean root = of.equals("/");
      boolean cut = root && path.length() > 1;
      out.append(part, 0, equals + 1).append(cut ? path.substring(0, path.length() - 1) : path);
    } else {
      out.append(part);
    }
  }
}
