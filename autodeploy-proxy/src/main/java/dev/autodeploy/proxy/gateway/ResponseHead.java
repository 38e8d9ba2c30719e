package dev.autodeploy.proxy.gateway;

import java.io.IOException;
import java.util.List;

/**
 * The head of an instance's response, and what it says of its framing. Immutable but for the
 * fields.
 *
 * @param status the status code
 * @param headers the header fields
 * @param bodyLength the length of the body, or {@link Exchange#UNKNOWN_LENGTH}
 * @param chunked whether the body comes in chunks
 * @param withoutBody whether there is no body whatever the fields say
 * @param keepAlive whether the connection may be used again
 */
public record ResponseHead(
    int status,
    HttpHeaders headers,
    long bodyLength,
    boolean chunked,
    boolean withoutBody,
    boolean keepAlive) {
  private static final int MAX_DIGITS = 18;

  private static final int MAX_LINE = 65_536;
  private static final int MAX_FIELDS = 500;
  private static final int MAX_INTERIM = 20;

  /** Reads the head of the final response; interim ones are passed over. */
  static ResponseHead read(HttpReader in, String method) throws IOException {
    for (int interim = 0; interim < MAX_INTERIM; interim++) {
      String line = in.line(MAX_LINE);
      int status = status(line);
      HttpHeaders fields = fields(in);
      if (status >= 200) {
        return of(status, line.startsWith("HTTP/1.1"), fields, method);
      }
      if (status == 101) {
        throw new IOException("the instance switched protocols though nobody had asked for it");
      }
    }
    throw new IOException("the instance sent interim answers without end");
  }

  private static int status(String line) throws IOException {
    boolean wellFormed =
        (line.startsWith("HTTP/1.1 ") || line.startsWith("HTTP/1.0 "))
            && line.length() >= 12
            && (line.length() == 12 || line.charAt(12) == ' ')
            && RequestGuard.isValue(line);
    int status = 0;
    for (int i = 9; wellFormed && i < 12; i++) {
      char c = line.charAt(i);
      wellFormed = c >= '0' && c <= '9';
      status = status * 10 + c - '0';
    }
    if (!wellFormed || status < 100) {
      throw new IOException("the answer does not begin with a status line of HTTP/1.1");
    }
    return status;
  }

  private static HttpHeaders fields(HttpReader in) throws IOException {
    HttpHeaders fields = new HttpHeaders();
    int left = MAX_LINE;
    for (String line = in.line(left); !line.isEmpty(); line = in.line(left)) {
      left -= line.length();
      int colon = line.indexOf(':');
      String name = colon < 0 ? "" : line.substring(0, colon);
      String value = line.substring(colon + 1).strip();
      // A folded line begins with a blank, so its "name" is no token.
      if (!RequestGuard.isToken(name) || !RequestGuard.isValue(value)) {
        throw new IOException("a header field of the answer is malformed");
      }
      if (fields.size() == MAX_FIELDS) {
        throw new IOException("the answer has more than " + MAX_FIELDS + " header fields");
      }
      fields.add(name, value);
    }
    return fields;
  }

  /**
   * Reads the framing of a response, as strictly as RFC 9112 allows.
   *
   * @param status the status code
   * @param http11 whether it came with HTTP/1.1, else with HTTP/1.0
   * @param fields the header fields
   * @param method the method of the request
   * @return the head
   * @throws IOException if the body could be read in two ways
   */
  public static ResponseHead of(int status, boolean http11, HttpHeaders fields, String method)
      throws IOException {
    List<String> lengths = fields.all("Content-Length");
    List<String> codings = fields.all("Transfer-Encoding");
    List<String> options = fields.tokens("Connection");
    boolean keepAlive = !options.contains("close") && (http11 || options.contains("keep-alive"));
    boolean withoutBody = method.equals("HEAD") || status == 204 || status == 304;
    if (!codings.isEmpty()) {
      if (!http11
          || !lengths.isEmpty()
          || codings.size() != 1
          || !codings.get(0).equalsIgnoreCase("chunked")) {
        throw new IOException("the answer's framing is ambiguous or not understood");
      }
      return new ResponseHead(
          status, fields, withoutBody ? 0 : Exchange.UNKNOWN_LENGTH, true, withoutBody, keepAlive);
    }
    if (lengths.isEmpty()) {
      return new ResponseHead(
          status, fields, withoutBody ? 0 : Exchange.UNKNOWN_LENGTH, false, withoutBody, keepAlive);
    }
    String length = lengths.get(0);
    if (lengths.size() != 1 || !isLength(length)) {
      throw new IOException("the answer's Content-Length is ambiguous or not a number");
    }
    return new ResponseHead(
        status, fields, withoutBody ? 0 : Long.parseLong(length), false, withoutBody, keepAlive);
  }

  private static boolean isLength(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return !text.isEmpty() && text.length() <= MAX_DIGITS;
  }

  /**
   * Returns whether only the end of the connection tells the end of the body.
   *
   * @return true if so
   */
  public boolean endsWithConnection() {
    return !withoutBody && !chunked && bodyLength < 0;
  }
}
