package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Locale;

/** Calls of gRPC, whose clients read the link's own responses from {@code grpc-status}. */
public final class Grpc {
  private static final String TYPE = "application/grpc";

  private Grpc() {}

  /**
   * Returns whether a request is a call of gRPC. What is called gRPC-Web is not: it is made for
   * HTTP/1.1.
   *
   * @param head the request
   * @return true if so
   */
  public static boolean asks(RequestHead head) {
    String type = head.headers().first("Content-Type");
    if (type == null || !head.version().equals("HTTP/2")) {
      return false;
    }
    String lower = type.toLowerCase(Locale.ROOT);
    return lower.startsWith(TYPE)
        && (lower.length() == TYPE.length() || "+; \t".indexOf(lower.charAt(TYPE.length())) >= 0);
  }

  /** Returns a response of the link as gRPC has it: no body, but a status and its message. */
  static LinkResponse response(LinkResponse own) {
    HttpHeaders headers = own.headers();
    headers.set("Content-Type", TYPE);
    headers.set("grpc-status", Integer.toString(status(own.status())));
    String detail = own.detail();
    if (detail != null) {
      headers.set("grpc-message", encoded(detail));
    }
    return LinkResponse.withoutBody(200, headers);
  }

  /** Returns the code for a status of HTTP. */
  private static int status(int http) {
    return switch (http) {
      case 401 -> 16; // UNAUTHENTICATED
      case 403, 421 -> 7; // PERMISSION_DENIED
      case 404, 405, 501 -> 12; // UNIMPLEMENTED
      case 413, 431 -> 8; // RESOURCE_EXHAUSTED
      case 429, 502, 503, 504 -> 14; // UNAVAILABLE: another try may help
      case 499 -> 1; // CANCELLED
      default -> 13; // INTERNAL
    };
  }

  private static String encoded(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (byte b : text.getBytes(UTF_8)) {
      if (b >= ' ' && b < 0x7f && b != '%') {
        out.append((char) b);
      } else {
        out.append('%').append(String.format(Locale.ROOT, "%02X", b & 0xff));
      }
    }
    return out.toString();
  }
}
