package dev.autodeploy.proxy.gateway;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Finds the addresses that clients see, from the request and from what proxies in front say of it.
 * Proxies often say a part only; the rest then follows from that part, so that scheme, host and
 * port are always of one address.
 *
 * @param trustForwarded whether a proxy in front is believed
 * @param publicUrl the address at which others reach the links, or null for no other one
 */
record LinkAddresses(boolean trustForwarded, @Nullable URI publicUrl) {

  /** Returns the address that a request was sent to. */
  LinkAddress of(RequestHead head, Route route) {
    HttpHeaders in = head.headers();
    String authority = saidHost(in);
    String scheme = trustForwarded ? saidScheme(in) : null;
    int saidPort = trustForwarded ? LinkAddress.portNumber(first(in, "X-Forwarded-Port")) : -1;
    boolean isPublic = isPublic(authority);
    if (scheme == null && saidPort == 443) {
      scheme = "https";
    }
    if (scheme == null) {
      scheme = isPublic ? publicScheme() : head.secure() ? "https" : "http";
    }
    String prefix = outerPrefix(head, route, isPublic) + route.prefix();
    if (authority == null) {
      return new LinkAddress(scheme, null, head.local().getPort(), prefix);
    }
    int port = LinkAddress.portOf(authority);
    if (port < 0) {
      port = LinkAddress.defaultPort(scheme);
      // A proxy that ends TLS may tell the port of its own side that has none.
      boolean ofOtherScheme = saidPort == (port == 443 ? 80 : 443);
      if (saidPort > 0 && saidPort != port && !ofOtherScheme) {
        port = saidPort;
        authority = authority + ":" + port;
      }
    }
    return new LinkAddress(scheme, authority, port, prefix);
  }

  private @Nullable String saidHost(HttpHeaders in) {
    String own = in.first("Host");
    if (trustForwarded) {
      String said = first(in, "X-Forwarded-Host");
      if (!isHost(said)) {
        said = ForwardedChain.of(in).first("host");
      }
      if (said != null && isHost(said)) {
        return said;
      }
    }
    return own == null || own.isEmpty() ? null : own;
  }

  private static @Nullable String saidScheme(HttpHeaders in) {
    String scheme = scheme(first(in, "X-Forwarded-Proto"));
    if (scheme == null) {
      String inChain = ForwardedChain.of(in).first("proto");
      scheme = inChain == null ? null : scheme(inChain);
    }
    return scheme == null && first(in, "X-Forwarded-Ssl").equalsIgnoreCase("on") ? "https" : scheme;
  }

  private static @Nullable String scheme(String said) {
    return switch (said.toLowerCase(Locale.ROOT)) {
      case "https", "wss" -> "https";
      case "http", "ws" -> "http";
      default -> null;
    };
  }

  private boolean isPublic(@Nullable String authority) {
    URI known = publicUrl;
    return known != null && authority != null && authority.equalsIgnoreCase(known.getAuthority());
  }

  private String publicScheme() {
    URI known = publicUrl;
    return known != null && "https".equalsIgnoreCase(known.getScheme()) ? "https" : "http";
  }

  /** Returns what a proxy in front, and then the front itself, have cut off the path. */
  private String outerPrefix(RequestHead head, Route route, boolean isPublic) {
    String said = trustForwarded ? first(head.headers(), "X-Forwarded-Prefix") : "";
    if (said.startsWith("/") && !said.startsWith("//") && said.indexOf('\\') < 0) {
      return withoutSlash(said) + head.base();
    }
    URI known = publicUrl;
    return known != null && isPublic && route.sharesOrigin()
        ? withoutSlash(known.getRawPath()) // that of the front included
        : head.base();
  }

  private static String withoutSlash(String path) {
    return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }

  /** Returns what the first of several proxies said, or an empty text. */
  private static String first(HttpHeaders in, String name) {
    List<String> all = in.all(name);
    if (all.isEmpty()) {
      return "";
    }
    String value = all.get(0);
    int comma = value.indexOf(',');
    return (comma < 0 ? value : value.substring(0, comma)).strip();
  }

  private static boolean isHost(String text) {
    return text.matches("[A-Za-z0-9._~-]+(:[0-9]{1,5})?|\\[[0-9A-Fa-f:.]+](:[0-9]{1,5})?");
  }
}
