package dev.autodeploy.proxy.contract;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A client that sends what it is told, byte for byte, and shows what comes back. */
public final class RawClient implements AutoCloseable {
  public final Socket socket;
  private final InputStream in;

  public RawClient(int port) throws IOException {
    this(new Socket(InetAddress.getLoopbackAddress(), port));
  }

  public RawClient(Socket socket) throws IOException {
    this.socket = socket;
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(60_000); // a busy machine stalls
    in = new BufferedInputStream(socket.getInputStream());
  }

  public static Response ask(int port, String request) throws IOException {
    try (RawClient client = new RawClient(port)) {
      return client.send(request).response(request.startsWith("HEAD "));
    }
  }

  public static Response get(int port, String target) throws IOException {
    return ask(port, "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }

  public RawClient send(String bytes) throws IOException {
    socket.getOutputStream().write(bytes.getBytes(ISO_8859_1));
    return this;
  }

  public OutputStream out() throws IOException {
    return socket.getOutputStream();
  }

  public Response response() throws IOException {
    return response(false);
  }

  /** Reads one response; interim ones are kept apart. */
  public Response response(boolean toHead) throws IOException {
    Response response = head();
    List<Response> interim = new ArrayList<>();
    while (response.status < 200) {
      interim.add(response);
      response = head();
    }
    response.interim = interim;
    response.body =
        toHead || response.status == 204 || response.status == 304 ? "" : body(response);
    return response;
  }

  public Response head() throws IOException {
    String line = line();
    Response response = new Response();
    String[] words = line.split(" ", 3);
    response.status = Integer.parseInt(words[1]);
    response.reason = words.length < 3 ? "" : words[2];
    for (line = line(); !line.isEmpty(); line = line()) {
      response.head.add(line);
    }
    return response;
  }

  private String body(Response response) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    if ("chunked".equals(response.field("Transfer-Encoding"))) {
      while (true) {
        int size = Integer.parseInt(line(), 16);
        bytes.write(exactly(size));
        if (!line().isEmpty()) {
          throw new IOException("no line end after a chunk");
        }
        if (size == 0) {
          return bytes.toString(ISO_8859_1);
        }
      }
    }
    String length = response.field("Content-Length");
    if (length != null) {
      return new String(exactly(Integer.parseInt(length)), ISO_8859_1);
    }
    return new String(in.readAllBytes(), ISO_8859_1);
  }

  public byte[] exactly(int length) throws IOException {
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException("cut off after " + bytes.length + " of " + length + " bytes");
    }
    return bytes;
  }

  public String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new EOFException("the connection ended, after '" + line.toString(ISO_8859_1) + "'");
      }
      if (b != '\r') {
        line.write(b);
      }
    }
    return line.toString(ISO_8859_1);
  }

  public int read() throws IOException {
    return in.read();
  }

  /** Reads everything until the other side closes or resets the connection. */
  public String rest() throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    try {
      in.transferTo(all);
    } catch (java.net.SocketTimeoutException e) {
      throw e;
    } catch (IOException e) {
      all.write(new byte[0]); // a reset ends it as well
    }
    return all.toString(ISO_8859_1);
  }

  /** Closes the connection with a reset. */
  public void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  /** A response. */
  public static final class Response {
    public int status;
    public String reason = "";
    public final List<String> head = new ArrayList<>();
    public List<Response> interim = List.of();
    public String body = "";

    public String field(String name) {
      for (String line : head) {
        if (line.toLowerCase(Locale.ROOT).startsWith(name.toLowerCase(Locale.ROOT) + ":")) {
          return line.substring(name.length() + 1).strip();
        }
      }
      return null;
    }

    @Override
    public String toString() {
      return status + " " + head + " " + body;
    }
  }
}
