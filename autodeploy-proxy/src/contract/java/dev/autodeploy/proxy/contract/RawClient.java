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
    socket.setSoTimeout(20_000);
    in = new BufferedInputStream(socket.getInputStream());
  }

  public static Answer ask(int port, String request) throws IOException {
    try (RawClient client = new RawClient(port)) {
      return client.send(request).answer(request.startsWith("HEAD "));
    }
  }

  public static Answer get(int port, String target) throws IOException {
    return ask(port, "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }

  public RawClient send(String bytes) throws IOException {
    socket.getOutputStream().write(bytes.getBytes(ISO_8859_1));
    return this;
  }

  public OutputStream out() throws IOException {
    return socket.getOutputStream();
  }

  public Answer answer() throws IOException {
    return answer(false);
  }

  /** Reads one answer; interim ones are kept apart. */
  public Answer answer(boolean toHead) throws IOException {
    Answer answer = head();
    List<Answer> interim = new ArrayList<>();
    while (answer.status < 200) {
      interim.add(answer);
      answer = head();
    }
    answer.interim = interim;
    answer.body = toHead || answer.status == 204 || answer.status == 304 ? "" : body(answer);
    return answer;
  }

  public Answer head() throws IOException {
    String line = line();
    Answer answer = new Answer();
    answer.status = Integer.parseInt(line.split(" ", 3)[1]);
    for (line = line(); !line.isEmpty(); line = line()) {
      answer.head.add(line);
    }
    return answer;
  }

  private String body(Answer answer) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    if ("chunked".equals(answer.field("Transfer-Encoding"))) {
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
    String length = answer.field("Content-Length");
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

  /** An answer. */
  public static final class Answer {
    public int status;
    public final List<String> head = new ArrayList<>();
    public List<Answer> interim = List.of();
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
