package dev.autodeploy.proxy.gateway;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Requests to switch to another protocol on the same connection (RFC 9110, 7.8). */
final class Upgrade {
  private Upgrade() {}

  /**
   * Returns the protocols that a request asks for. HTTP/2 is none of them: it is not tunnelled.
   *
   * @return the field's value, or null if it asks for none
   */
  static @Nullable String asked(RequestHead head) {
    List<String> protocols = head.headers().tokens("Upgrade");
    boolean asks =
        !protocols.isEmpty()
            && !protocols.contains("h2c")
            && head.bodyLength() == 0
            && head.version().equals("HTTP/1.1")
            && head.headers().tokens("Connection").contains("upgrade");
    return asks ? String.join(", ", head.headers().all("Upgrade")) : null;
  }
}
