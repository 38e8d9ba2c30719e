package dev.autodeploy.proxy.gateway;

import dev.autodeploy.internal.text.PlainText;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The head of a request as it came in.
 *
 * @param method the method
 * @param target the request target, byte for byte as the front delivers it
 * @param version the protocol version, such as {@code HTTP/1.1}
 * @param headers the header fields
 * @param bodyLength the length of the body; 0 for none, -1 if it is chunked
 * @param remote who sent it
 * @param local where it was received
 * @param secure whether it came over TLS
 * @param base the path below which the front serves links and which the target is without, such as
 *     the context path of a servlet; empty for none
 * @param credentials what in it is the host application's, and not for instances
 * @param protocol the protocol that a stream of HTTP/2 is asked to carry (RFC 8441), or null for
 *     none; such a request is a {@code GET} here, as it is in HTTP/1.1
 */
public record RequestHead(
    String method,
    String target,
    String version,
    HttpHeaders headers,
    long bodyLength,
    InetSocketAddress remote,
    InetSocketAddress local,
    boolean secure,
    String base,
    HostCredentials credentials,
    @Nullable String protocol) {

  /** The {@link #bodyLength} of a chunked body. */
  public static final long CHUNKED = -1;

  /**
   * Makes the head of a request to a front that has all paths.
   *
   * @param method the method
   * @param target the request target, byte for byte as the front delivers it
   * @param version the protocol version, such as {@code HTTP/1.1}
   * @param headers the header fields
   * @param bodyLength the length of the body; 0 for none, -1 if it is chunked
   * @param remote who sent it
   * @param local where it was received
   * @param secure whether it came over TLS
   */
  public RequestHead(
      String method,
      String target,
      String version,
      HttpHeaders headers,
      long bodyLength,
      InetSocketAddress remote,
      InetSocketAddress local,
      boolean secure) {
    this(
        method,
        target,
        version,
        headers,
        bodyLength,
        remote,
        local,
        secure,
        "",
        HostCredentials.NONE,
        null);
  }

  /** Returns this head with other fields. */
  RequestHead with(HttpHeaders fields) {
    return new RequestHead(
        method,
        target,
        version,
        fields,
        bodyLength,
        remote,
        local,
        secure,
        base,
        credentials,
        protocol);
  }

  /** Returns this head with a body of another length. */
  RequestHead with(long length) {
    return new RequestHead(
        method,
        target,
        version,
        headers,
        length,
        remote,
        local,
        secure,
        base,
        credentials,
        protocol);
  }

  /** Returns the method and path for a log: never the query, and nothing that forges a line. */
  String shown() {
    return PlainText.line(method + " " + path());
  }

  /**
   * Returns whether repeating the request does no harm (RFC 9110, 9.2.2).
   *
   * @return true for an idempotent method
   */
  boolean idempotent() {
    return switch (method) {
      case "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE" -> true;
      default -> false;
    };
  }

  /** Returns whether another protocol than HTTP is asked for, in whatever way. */
  boolean asksForProtocol() {
    return protocol != null || headers.first("Upgrade") != null;
  }

  /**
   * Returns the path without the query.
   *
   * @return the raw path
   */
  String path() {
    int query = target.indexOf('?');
    return query < 0 ? target : target.substring(0, query);
  }

  /**
   * Returns the query without its question mark.
   *
   * @return the raw query, empty for none
   */
  String query() {
    int query = target.indexOf('?');
    return query < 0 ? "" : target.substring(query + 1);
  }
}
