package dev.autodeploy.proxy.gateway;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The cookies of links, which no instance gets to see. */
final class LinkCookies {
  /** The beginning of the names of all of them. */
  private static final String PREFIX = "AutoDeploy-";

  private LinkCookies() {}

  /** Returns a {@code Cookie} field without the link's own; empty if there are no others. */
  static String withoutOurs(String field) {
    if (!field.contains(PREFIX)) {
      return field;
    }
    List<String> others = new ArrayList<>();
    for (String cookie : field.split(";", -1)) {
      if (!cookie.strip().startsWith(PREFIX)) {
        others.add(cookie.strip());
      }
    }
    return String.join("; ", others);
  }

  /**
   * Returns whether a {@code Set-Cookie} field sets a cookie that only the link may set. One
   * without a name comes back as its value, which may look like another's name.
   */
  static boolean isOurs(String field) {
    String cookie = field.strip();
    return (cookie.startsWith("=") ? cookie.substring(1).strip() : cookie).startsWith(PREFIX);
  }

  /** Returns the values of all cookies of a name. */
  static List<String> values(HttpHeaders headers, String name) {
    List<String> values = new ArrayList<>(1);
    for (String field : headers.all("Cookie")) {
      for (String cookie : field.split(";", -1)) {
        String pair = cookie.strip();
        if (pair.startsWith(name) && pair.startsWith("=", name.length())) {
          values.add(pair.substring(name.length() + 1));
        }
      }
    }
    return values;
  }

  /** Returns the value of the first cookie of a name, or null if there is none. */
  static @Nullable String value(HttpHeaders headers, String name) {
    List<String> values = values(headers, name);
    return values.isEmpty() ? null : values.get(0);
  }
}
