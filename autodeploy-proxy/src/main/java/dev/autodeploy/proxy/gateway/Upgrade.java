package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Requests to switch to another protocol on the same connection (RFC 9110, 7.8), or on the same
 * stream (RFC 8441).
 */
final class Upgrade {
  /** The text behind a key that an instance has to hash (RFC 6455, 4.2.2). */
  private static final String MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

  private Upgrade() {}

  /**
   * Returns the protocols that a request asks for. HTTP/2 is none of them: it is not tunnelled.
   *
   * @return the field's value, or null if it asks for none
   */
  static @Nullable String asked(RequestHead head) {
    if (head.protocol() != null) {
      return head.protocol();
    }
    List<String> protocols = head.headers().tokens("Upgrade");
    boolean asks =
        !protocols.isEmpty()
            && !protocols.contains("h2c")
            && head.bodyLength() == 0
            && head.version().equals("HTTP/1.1")
            && head.headers().tokens("Connection").contains("upgrade");
    return asks ? String.join(", ", head.headers().all("Upgrade")) : null;
  }

  /**
   * Returns whether a response says clearly what becomes of the protocol that was asked for. To a
   * client of HTTP/2 every success is a switch, and it cannot check the key of a WebSocket, which
   * the front has made.
   *
   * @param head the request
   * @param status the status code of the response
   * @param received its fields
   */
  static boolean isClear(RequestHead head, int status, HttpHeaders received) {
    if (head.protocol() == null) {
      return true;
    }
    String key = head.headers().first("Sec-WebSocket-Key");
    return status == 101
        ? key == null || accept(key).equals(received.first("Sec-WebSocket-Accept"))
        : status >= 300;
  }

  private static String accept(String key) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-1").digest((key + MAGIC).getBytes(ISO_8859_1));
      return Base64.getEncoder().encodeToString(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-1", e);
    }
  }
}
