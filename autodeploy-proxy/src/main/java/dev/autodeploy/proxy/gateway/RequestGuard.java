package dev.autodeploy.proxy.gateway;

import dev.autodeploy.internal.document.ProblemType;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Refuses requests that could be read in two ways, before anything is looked up or forwarded.
 *
 * <p>It checks all that a front's own parser may have let through; what a parser has already
 * normalized away (folded lines, split values, a third word before the version) it cannot see.
 */
public final class RequestGuard {
  private static final int MAX_TARGET = 16_384;
  private static final int MAX_FIELDS = 150;
  private static final int MAX_FIELD_BYTES = 65_536;

  private static final String HTTP_2 = "HTTP/2";
  private static final List<String> VERSIONS = List.of("HTTP/1.1", HTTP_2, "HTTP/1.0");
  private static final List<String> CONNECTION_FIELDS =
      List.of("connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade");

  private RequestGuard() {}

  /**
   * Checks a request.
   *
   * @param head its head
   * @return what is wrong with it, or null if nothing is
   */
  public static @Nullable Problem check(RequestHead head) {
    if (!VERSIONS.contains(head.version())) {
      return Problem.of(ProblemType.VERSION_NOT_SUPPORTED, "this link speaks HTTP/1.1 and HTTP/1.0")
          .closing();
    }
    Problem problem = method(head.method());
    if (problem == null) {
      problem = target(head.target());
    }
    if (problem == null) {
      problem = size(head.headers());
    }
    if (problem == null) {
      problem = host(head);
    }
    if (problem == null) {
      problem = head.version().equals(HTTP_2) ? connection(head) : null;
    }
    if (problem == null) {
      problem = framing(head);
    }
    if (problem == null) {
      problem = fields(head.headers());
    }
    return problem == null ? expectation(head.headers()) : problem;
  }

  /**
   * Returns the problem of a request that a front's parser refuses.
   *
   * @return the problem
   */
  public static Problem malformed() {
    return Problems.badRequest("the request is not well-formed HTTP/1.1");
  }

  /**
   * Returns the problem of a target that is longer than a front reads.
   *
   * @return the problem
   */
  public static Problem targetTooLong() {
    return Problem.of(
            ProblemType.TARGET_TOO_LONG,
            "path and query are longer than " + MAX_TARGET + " bytes, the maximum of this link")
        .closing();
  }

  /**
   * Returns the problem of a header that is longer than a front reads.
   *
   * @return the problem
   */
  public static Problem headerTooLarge() {
    return headerTooLarge("the header is too large");
  }

  /** Returns the problem of a request for whose header there is no memory. */
  static Problem noRoomForHeader() {
    return Problem.of(
            ProblemType.HEADER_TOO_LARGE,
            "requests that are under way have all the memory that there is for headers of more than "
                + HeadBudget.FREE
                + " bytes; try again later, or with a smaller one")
        .closing();
  }

  private static Problem headerTooLarge(String what) {
    return Problem.of(
            ProblemType.HEADER_TOO_LARGE,
            what
                + "; the maximum of this link is "
                + MAX_FIELDS
                + " fields and "
                + MAX_FIELD_BYTES
                + " bytes")
        .closing();
  }

  private static @Nullable Problem method(String method) {
    if (!isToken(method)) {
      return Problems.badRequest("the method is not a token");
    }
    // TRACE would show the caller what the link adds; CONNECT asks for another kind of proxy.
    if (method.equalsIgnoreCase("TRACE") || method.equalsIgnoreCase("CONNECT")) {
      return Problem.of(
              ProblemType.METHOD_NOT_ALLOWED,
              "this link does not serve " + method.toUpperCase(Locale.ROOT))
          .closing();
    }
    return null;
  }

  private static @Nullable Problem target(String target) {
    if (target.length() > MAX_TARGET) {
      return targetTooLong();
    }
    if (!target.startsWith("/") || target.startsWith("//")) {
      return Problems.badRequest(
          "the request target must be a path that begins with exactly one slash");
    }
    for (int i = 0; i < target.length(); i++) {
      char c = target.charAt(i);
      if (c <= ' ' || c == '#' || c == 0x7f || c > 0xff) {
        return Problems.badRequest("the request target holds a character that must be encoded");
      }
    }
    return null;
  }

  /** A front has to let through more than this, or its callers never learn why it hung up. */
  private static @Nullable Problem size(HttpHeaders fields) {
    long bytes = 0;
    for (int i = 0; i < fields.size(); i++) {
      bytes += fields.name(i).length() + 2L + fields.value(i).length() + 2L;
    }
    if (fields.size() <= MAX_FIELDS && bytes <= MAX_FIELD_BYTES) {
      return null;
    }
    return headerTooLarge("the header has " + fields.size() + " fields of " + bytes + " bytes");
  }

  private static @Nullable Problem host(RequestHead head) {
    List<String> hosts = head.headers().all("Host");
    if (hosts.size() > 1 || (hosts.isEmpty() && !head.version().equals("HTTP/1.0"))) {
      return Problems.badRequest("there must be exactly one Host field");
    }
    if (!hosts.isEmpty()) {
      String host = hosts.get(0);
      for (int i = 0; i < host.length(); i++) {
        char c = host.charAt(i);
        if (!(isAlphanumeric(c) || "-._~:[]%!$&'()*+;=".indexOf(c) >= 0)) {
          return Problems.badRequest("the Host field is not a host");
        }
      }
    }
    return null;
  }

  /** HTTP/2 has no fields of the connection; in HTTP/1.1 they would begin to mean something. */
  private static @Nullable Problem connection(RequestHead head) {
    HttpHeaders fields = head.headers();
    for (String name : CONNECTION_FIELDS) {
      if (fields.first(name) != null) {
        return Problems.badRequest("HTTP/2 has no field '" + name + "'");
      }
    }
    if (head.protocol() != null && !isToken(head.protocol())) {
      return Problems.badRequest("the protocol of the stream is not a token");
    }
    if ("h2c".equalsIgnoreCase(head.protocol())) { // its requests would pass by all rules
      return Problems.badRequest("HTTP/2 is not tunnelled");
    }
    for (String te : fields.all("te")) {
      if (!te.equalsIgnoreCase("trailers")) {
        return Problems.badRequest("HTTP/2 has no other TE than trailers");
      }
    }
    return null;
  }

  private static @Nullable Problem framing(RequestHead head) {
    List<String> lengths = head.headers().all("Content-Length");
    List<String> codings = head.headers().all("Transfer-Encoding");
    if (!lengths.isEmpty() && !codings.isEmpty()) {
      return Problems.badRequest("Content-Length and Transfer-Encoding exclude each other");
    }
    if (lengths.size() > 1) {
      return Problems.badRequest("there must be at most one Content-Length");
    }
    if (!lengths.isEmpty()) {
      String length = lengths.get(0);
      if (length.isEmpty() || length.length() > 18 || !isDigits(length)) {
        return Problems.badRequest("Content-Length must be a decimal number");
      }
      if (Long.parseLong(length) != head.bodyLength()) {
        return Problems.badRequest("Content-Length was not understood");
      }
    }
    if (!codings.isEmpty()) {
      if (head.version().equals("HTTP/1.0")) {
        return Problems.badRequest("HTTP/1.0 knows no Transfer-Encoding");
      }
      if (codings.size() != 1 || !codings.get(0).equalsIgnoreCase("chunked")) {
        return Problem.of(
                ProblemType.TRANSFER_CODING_NOT_SUPPORTED,
                "this link understands no other Transfer-Encoding than chunked")
            .closing();
      }
    }
    return null;
  }

  private static @Nullable Problem fields(HttpHeaders fields) {
    for (int i = 0; i < fields.size(); i++) {
      if (!isToken(fields.name(i))) {
        return Problems.badRequest("the name of a header field is not a token");
      }
      if (!isValue(fields.value(i))) {
        return Problems.badRequest(
            "the value of header field '" + fields.name(i) + "' holds a control character");
      }
    }
    return null;
  }

  private static @Nullable Problem expectation(HttpHeaders fields) {
    for (String expectation : fields.all("Expect")) {
      if (!expectation.equalsIgnoreCase("100-continue")) {
        return Problem.of(
                ProblemType.EXPECTATION_FAILED,
                "this link meets no other expectation than 100-continue")
            .closing();
      }
    }
    return null;
  }

  /** Returns whether a text is a token (RFC 9110, 5.6.2). */
  static boolean isToken(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!isAlphanumeric(c) && "!#$%&'*+-.^_`|~".indexOf(c) < 0) {
        return false;
      }
    }
    return !text.isEmpty();
  }

  /**
   * Returns whether a text can be a field's value: bytes, and no controls except the tab.
   *
   * @param text the text
   * @return true if so
   */
  public static boolean isValue(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if ((c < ' ' && c != '\t') || c == 0x7f || c > 0xff) {
        return false;
      }
    }
    return true;
  }

  private static boolean isDigits(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return true;
  }

  private static boolean isAlphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }
}
