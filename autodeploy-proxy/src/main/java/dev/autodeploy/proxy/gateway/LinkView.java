package dev.autodeploy.proxy.gateway;

import java.net.URI;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The two addresses of one exchange: the link, as the client sees it, and the instance.
 *
 * @param link the link
 * @param endpoint the instance
 * @param port the port that the instance listens on, from inside
 * @param preserved whether the instance sees the link's host
 * @param withoutSlash whether the request was to the link itself, without a path
 */
record LinkView(LinkAddress link, URI endpoint, int port, boolean preserved, boolean withoutSlash) {

  /** Returns the host that the instance is asked for, or null for its own. */
  @Nullable String host() {
    return preserved ? link.authority() : null;
  }

  /**
   * Returns a field of a request as the instance is to see it.
   *
   * @param name the field's name in lower case
   * @param value its value
   */
  String toInstance(String name, String value) {
    return switch (name) {
      case "origin" -> origin(value);
      case "destination" -> destination(value);
      default -> value;
    };
  }

  /** The link's own pages are of the instance's origin, where the instance sees its own host. */
  private String origin(String value) {
    boolean own =
        !preserved
            && link.authority() != null
            && isOrigin(value, link.scheme(), link.authority().toLowerCase(Locale.ROOT));
    return own ? endpoint.getScheme() + "://" + endpoint.getRawAuthority() : value;
  }

  private static boolean isOrigin(String value, String scheme, String authority) {
    String origin = scheme + "://" + authority;
    return value.equalsIgnoreCase(origin)
        || origin.equalsIgnoreCase(value + ":" + LinkAddress.defaultPort(scheme));
  }

  /** The target of WebDAV's COPY and MOVE is an address of the link, or a path of it. */
  private String destination(String value) {
    String of = link.scheme() + "://" + link.authority();
    int path = value.regionMatches(true, 0, of, 0, of.length()) ? of.length() : 0;
    if (!value.startsWith(link.prefix() + "/", path)) {
      return value;
    }
    String own = host() == null ? endpoint.getScheme() + "://" + endpoint.getRawAuthority() : of;
    return (path == 0 ? "" : own) + value.substring(path + link.prefix().length());
  }
}
