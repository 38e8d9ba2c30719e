package dev.autodeploy.proxy.contract;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A server that reads requests and lets the test write the answers, byte for byte. */
public final class TestInstance implements Closeable {
  public final List<Request> requests = new java.util.concurrent.CopyOnWriteArrayList<>();
  private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
  private final ServerSocket server;
  private final App app;
  private final Thread acceptor;

  public TestInstance(App app) throws IOException {
    this.app = app;
    server = new ServerSocket(0, 4096, InetAddress.getLoopbackAddress());
    acceptor = thread(this::accept);
  }

  public URI endpoint() {
    return URI.create("http://127.0.0.1:" + server.getLocalPort());
  }

  public int openConnections() {
    return connections.size();
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(null, task, "instance", 256 * 1024);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = server.accept();
        connections.add(socket);
        thread(() -> serve(socket));
      }
    } catch (IOException e) {
      connections.forEach(TestInstance::shut);
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      socket.setTcpNoDelay(true);
      InputStream in = new BufferedInputStream(socket.getInputStream());
      OutputStream out = socket.getOutputStream();
      while (true) {
        Request request = Request.read(in, socket);
        if (request == null) {
          return;
        }
        if (!request.target.equals("/probe")) {
          requests.add(request);
        }
        app.respond(request, out);
        request.drain();
      }
    } catch (IOException | RuntimeException e) {
      // The client has gone, or the test has closed the connection.
    } finally {
      connections.remove(socket);
    }
  }

  public static void shut(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    try {
      acceptor.join(5000); // until then the system takes connections
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    connections.forEach(TestInstance::shut);
  }

  /** The work of an instance with a request. */
  public interface App {
    void respond(Request request, OutputStream out) throws IOException;

    static App text(String body) {
      return (request, out) ->
          write(
              out,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "
                  + body.length()
                  + "\r\n\r\n"
                  + body);
    }

    static App raw(String response) {
      return (request, out) -> write(out, response);
    }
  }

  public static void write(OutputStream out, String bytes) throws IOException {
    out.write(bytes.getBytes(ISO_8859_1));
    out.flush();
  }

  /** A request as it came in. */
  public static final class Request {
    public final String method;
    public final String target;
    public final String version;
    public final List<String> head = new ArrayList<>();
    public final Socket socket;
    private final InputStream in;
    private boolean drained;

    private Request(String line, InputStream in, Socket socket) throws IOException {
      String[] words = line.split(" ", 3);
      method = words[0];
      target = words[1];
      version = words[2];
      this.in = in;
      this.socket = socket;
      for (String field = line(in); field != null && !field.isEmpty(); field = line(in)) {
        head.add(field);
      }
    }

    public static Request read(InputStream in, Socket socket) throws IOException {
      String line = line(in);
      return line == null ? null : new Request(line, in, socket);
    }

    private static String line(InputStream in) throws IOException {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int b = in.read(); b != '\n'; b = in.read()) {
        if (b < 0) {
          return null;
        }
        if (b != '\r') {
          line.write(b);
        }
      }
      return line.toString(ISO_8859_1);
    }

    public String field(String name) {
      List<String> all = fields(name);
      return all.isEmpty() ? null : all.get(0);
    }

    public List<String> fields(String name) {
      List<String> found = new ArrayList<>();
      for (String line : head) {
        if (line.toLowerCase(Locale.ROOT).startsWith(name.toLowerCase(Locale.ROOT) + ":")) {
          found.add(line.substring(name.length() + 1).strip());
        }
      }
      return found;
    }

    public String body() throws IOException {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      copyBody(bytes);
      return bytes.toString(ISO_8859_1);
    }

    /** Reads a byte of the body as it comes, chunks and all. */
    public int read() throws IOException {
      drained = true;
      return in.read();
    }

    public void drain() throws IOException {
      copyBody(OutputStream.nullOutputStream());
    }

    /** Copies the body as it comes in. */
    public long copyBody(OutputStream out) throws IOException {
      if (drained) {
        return 0;
      }
      drained = true;
      long count = 0;
      if (field("Transfer-Encoding") != null) {
        while (true) {
          long size = Long.parseLong(line(in), 16);
          count += copy(size, out);
          line(in);
          if (size == 0) {
            return count;
          }
        }
      }
      String length = field("Content-Length");
      return length == null ? 0 : copy(Long.parseLong(length), out);
    }

    private long copy(long length, OutputStream out) throws IOException {
      byte[] buffer = new byte[64 * 1024];
      long left = length;
      while (left > 0) {
        int n = in.read(buffer, 0, (int) Math.min(left, buffer.length));
        if (n < 0) {
          throw new IOException("the body ended early");
        }
        out.write(buffer, 0, n);
        left -= n;
      }
      return length;
    }
  }
}
