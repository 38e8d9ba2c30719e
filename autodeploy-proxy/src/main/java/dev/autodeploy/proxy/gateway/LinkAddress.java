package dev.autodeploy.proxy.gateway;

import org.jspecify.annotations.Nullable;

/**
 * The address of a link as its client sees it, also from before other proxies.
 *
 * @param scheme {@code http} or {@code https}
 * @param authority host and port as the client names them, or null if it does not
 * @param port the port, whether or not the authority shows it
 * @param prefix what stands before the instance's own paths, such as {@code /d/breezyvoice}; empty
 *     if nothing does
 */
record LinkAddress(String scheme, @Nullable String authority, int port, String prefix) {

  /** Returns the port that a scheme stands for. */
  static int defaultPort(String scheme) {
    return scheme.equals("https") ? 443 : 80;
  }

  /** Returns the host of an authority: without its port, an IPv6 address in its brackets. */
  static String hostOf(String authority) {
    int colon = colonBeforePort(authority);
    return colon < 0 ? authority : authority.substring(0, colon);
  }

  private static int colonBeforePort(String authority) {
    int colon = authority.lastIndexOf(':');
    return colon > authority.lastIndexOf(']') ? colon : -1;
  }

  /** Returns the port that an authority shows, or -1 if it shows none. */
  static int portOf(String authority) {
    int colon = colonBeforePort(authority);
    return colon < 0 ? -1 : portNumber(authority.substring(colon + 1));
  }

  /** Returns a port, or -1 for a text that is none. */
  static int portNumber(String text) {
    if (text.isEmpty() || text.length() > 5) {
      return -1;
    }
    int port = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      port = 10 * port + c - '0';
    }
    return port >= 1 && port <= 65_535 ? port : -1;
  }
}
