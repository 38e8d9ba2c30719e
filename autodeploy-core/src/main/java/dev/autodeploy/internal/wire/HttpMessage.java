package dev.autodeploy.internal.wire;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A request or an answer of HTTP/1.1 as replicas write them: a start line, few fields, and a body
 * of a given length. Anything else is refused.
 */
final class HttpMessage {
  /** The first line of a request, with the version of how replicas speak to each other. */
  static final String REQUEST_LINE =
      "POST /autodeploy/replica/" + WireConnection.VERSION + " HTTP/1.1";

  static final String ANSWER_LINE = "HTTP/1.1 200 OK";
  static final String REFUSAL_LINE = "HTTP/1.1 401 Unauthorized";
  static final String REQUEST = "request";
  static final String ANSWER = "answer";

  /** The suffix of a message's kind for the signature of its head. */
  private static final String HEAD = " head";

  private static final int MAX_HEAD = 4096;
  private static final int CHUNK = 64 * 1024;

  private final String startLine;
  private final String nonce;
  private final String headSignature;
  private final String signature;
  private final byte[] body;

  private HttpMessage(
      String startLine, String nonce, String headSignature, String signature, byte[] body) {
    this.startLine = startLine;
    this.nonce = nonce;
    this.headSignature = headSignature;
    this.signature = signature;
    this.body = body;
  }

  String startLine() {
    return startLine;
  }

  String nonce() {
    return nonce;
  }

  /** Returns the body itself. */
  byte[] body() {
    return body;
  }

  /** Returns a request that is not signed: it asks for the challenge of a connection. */
  static HttpMessage question() {
    return new HttpMessage(REQUEST_LINE, "", "", "", new byte[0]);
  }

  /**
   * Returns the answer to what is not signed.
   *
   * @param challenge what the next request of the connection has to be signed with; may be empty
   */
  static HttpMessage refusal(String challenge) {
    return new HttpMessage(REFUSAL_LINE, challenge, "", "", new byte[0]);
  }

  /** Returns a message that is signed. */
  static HttpMessage signed(
      String startLine, String kind, SharedSecret secret, String nonce, byte[] body) {
    return new HttpMessage(
        startLine,
        nonce,
        secret.sign(kind + HEAD, nonce, length(body.length)),
        secret.sign(kind, nonce, body),
        body);
  }

  void write(OutputStream out, String host) throws IOException {
    StringBuilder head = new StringBuilder(startLine).append("\r\n");
    if (!host.isEmpty()) {
      head.append("Host: ").append(host).append("\r\n");
    }
    head.append("Content-Type: application/json\r\n");
    head.append("AutoDeploy-Nonce: ").append(nonce).append("\r\n");
    head.append("AutoDeploy-Head-Signature: ").append(headSignature).append("\r\n");
    head.append("AutoDeploy-Signature: ").append(signature).append("\r\n");
    head.append("Content-Length: ").append(body.length).append("\r\n\r\n");
    ByteArrayOutputStream whole = new ByteArrayOutputStream(head.length() + body.length);
    whole.writeBytes(head.toString().getBytes(StandardCharsets.ISO_8859_1));
    whole.writeBytes(body);
    whole.writeTo(out); // in one piece: two would wait for each other on the network
    out.flush();
  }

  /** Returns whether it is of who has the secret. */
  boolean isSigned(String kind, SharedSecret secret) {
    return secret.isSigned(kind, nonce, body, signature);
  }

  /**
   * Reads a message. The body of one whose head is not signed is not read, and missing in it: who
   * does not have the secret takes no memory.
   *
   * @return the message, or null at the end of the connection
   */
  static @Nullable HttpMessage read(InputStream in, int maxBody, String kind, SharedSecret secret)
      throws IOException {
    String startLine = line(in, MAX_HEAD);
    if (startLine == null) {
      return null;
    }
    String nonce = "";
    String headSignature = "";
    String signature = "";
    int length = -1;
    int left = MAX_HEAD;
    while (true) {
      String field = line(in, left);
      if (field == null) {
        throw new EOFException("the connection ended in a head");
      }
      if (field.isEmpty()) {
        break;
      }
      left -= field.length();
      int colon = field.indexOf(':');
      if (colon < 1) {
        throw new IOException("a field of the head has no name");
      }
      String value = field.substring(colon + 1).strip();
      switch (field.substring(0, colon).toLowerCase(Locale.ROOT)) {
        case "autodeploy-nonce" -> nonce = value;
        case "autodeploy-head-signature" -> headSignature = value;
        case "autodeploy-signature" -> signature = value;
        case "content-length" -> length = length(value, length, maxBody);
        case "transfer-encoding" -> throw new IOException("a body of unknown length");
        default -> {
          // no other field means anything here
        }
      }
    }
    if (length < 0) {
      throw new IOException("a body of unknown length");
    }
    if (!secret.isSigned(kind + HEAD, nonce, length(length), headSignature)) {
      return new HttpMessage(startLine, nonce, "", "", new byte[0]);
    }
    return new HttpMessage(startLine, nonce, headSignature, signature, body(in, length));
  }

  private static byte[] length(int length) {
    return Integer.toString(length).getBytes(StandardCharsets.UTF_8);
  }

  private static int length(String value, int before, int most) throws IOException {
    if (before >= 0 || value.length() > 9 || !value.matches("[0-9]+")) {
      throw new IOException("a length that is no number, or two");
    }
    int length = Integer.parseInt(value);
    if (length > most) {
      throw new IOException("a body of " + length + " bytes; at most " + most + " are read");
    }
    return length;
  }

  /** Reads a body piece by piece: memory is taken for bytes that are there, not for a number. */
  private static byte[] body(InputStream in, int length) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream(Math.min(length, CHUNK));
    while (body.size() < length) {
      byte[] part = in.readNBytes(Math.min(CHUNK, length - body.size()));
      if (part.length == 0) {
        throw new EOFException("the connection ended in a body");
      }
      body.writeBytes(part);
    }
    return body.toByteArray();
  }

  private static @Nullable String line(InputStream in, int most) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    while (true) {
      int next = in.read();
      if (next < 0) {
        if (line.size() == 0) {
          return null;
        }
        throw new EOFException("the connection ended in a head");
      }
      if (next == '\n') {
        String text = line.toString(StandardCharsets.ISO_8859_1);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
      }
      if (line.size() >= most) {
        throw new IOException("a head of more than " + MAX_HEAD + " bytes");
      }
      line.write(next);
    }
  }
}
