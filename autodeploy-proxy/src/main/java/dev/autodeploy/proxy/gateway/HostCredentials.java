package dev.autodeploy.proxy.gateway;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The credentials in a request by which the host application itself knows the caller. They are not
 * for instances, which could act in the caller's name with them. Immutable.
 *
 * @param authorization whether {@code Authorization} is one of them, unless it is to be forwarded
 * @param cookies the names of the cookies that are
 */
public record HostCredentials(boolean authorization, Set<String> cookies) {
  /** No credentials of the host application's. */
  public static final HostCredentials NONE = new HostCredentials(false, Set.of());

  /** Copies the names. */
  public HostCredentials {
    cookies = Set.copyOf(cookies);
  }

  /**
   * Returns a {@code Cookie} field without the host application's; empty if there are no others.
   */
  String without(String field) {
    if (cookies.isEmpty()) {
      return field;
    }
    List<String> others = new ArrayList<>();
    boolean changed = false;
    for (String cookie : field.split(";", -1)) {
      String pair = cookie.strip();
      int equals = pair.indexOf('=');
      if (cookies.contains(equals < 0 ? pair : pair.substring(0, equals).strip())) {
        changed = true;
      } else {
        others.add(pair);
      }
    }
    return changed ? String.join("; ", others) : field;
  }
}
