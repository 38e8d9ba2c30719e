package dev.autodeploy.benchmarks.models;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;

/** An instance that answers each request with the length of its body, as long as it runs. */
final class AnsweringInstance implements AutoCloseable {
  private final ServerSocket server;

  AnsweringInstance() throws IOException {
    server = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
    thread(this::accept);
  }

  URI endpoint() {
    return URI.create("http://127.0.0.1:" + server.getLocalPort());
  }

  private static void thread(Runnable task) {
    Thread thread = new Thread(task, "instance");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = server.accept();
        thread(() -> serve(socket));
      }
    } catch (IOException e) {
      // It was closed.
    }
  }

  private static void serve(Socket socket) {
    try (socket) {
      socket.setTcpNoDelay(true);
      InputStream in = new BufferedInputStream(socket.getInputStream(), 64 * 1024);
      OutputStream out = socket.getOutputStream();
      while (true) {
        long length = 0;
        for (String line = ModelsMain.line(in); !line.isEmpty(); line = ModelsMain.line(in)) {
          if (line.regionMatches(true, 0, "content-length:", 0, 15)) {
            length = Long.parseLong(line.substring(15).strip());
          }
        }
        in.skipNBytes(length);
        String body = Long.toString(length);
        out.write(
            ("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "
                    + body.length()
                    + "\r\n\r\n"
                    + body)
                .getBytes(US_ASCII));
      }
    } catch (IOException e) {
      // The client has gone.
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
