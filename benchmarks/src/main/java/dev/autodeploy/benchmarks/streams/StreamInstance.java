package dev.autodeploy.benchmarks.streams;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;

/**
 * An instance that serves events at {@code /events}, each of which holds the time at which it was
 * sent, gives a big body for {@code GET /body} and checks one that it gets by {@code POST}.
 */
final class StreamInstance implements AutoCloseable {
  private final ServerSocket server;

  StreamInstance() throws IOException {
    server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
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
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        thread(() -> serve(socket));
      } catch (IOException e) {
        return;
      }
    }
  }

  private static void serve(Socket socket) {
    try (socket) {
      socket.setTcpNoDelay(true);
      InputStream in = new BufferedInputStream(socket.getInputStream(), 64 * 1024);
      OutputStream out = socket.getOutputStream();
      while (true) {
        in.mark(1);
        if (in.read() < 0) {
          return; // a probe, or the client is done
        }
        in.reset();
        String head = Wire.head(in);
        if (head.startsWith("post")) {
          String result = head.contains("chunked") ? chunks(in) : length(in, head);
          Wire.write(
              out, "HTTP/1.1 200 OK\r\nContent-Length: " + result.length() + "\r\n\r\n" + result);
        } else if (head.contains("/events")) {
          events(out);
        } else if (head.contains("chunked")) { // in the path
          Wire.write(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
          Body.writeChunks(out);
        } else {
          Wire.write(out, "HTTP/1.1 200 OK\r\nContent-Length: " + Body.LENGTH + "\r\n\r\n");
          Body.write(out);
        }
      }
    } catch (IOException e) {
      System.out.println("the instance: " + e);
    }
  }

  private static String length(InputStream in, String head) throws IOException {
    Body check = new Body();
    check.read(in, Long.parseLong(head.replaceAll("(?s).*content-length: (\\d+).*", "$1")));
    return check.result();
  }

  private static String chunks(InputStream in) throws IOException {
    Body check = new Body();
    check.readChunks(in);
    return check.result();
  }

  private static void events(OutputStream out) throws IOException {
    Wire.write(
        out,
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
    long next = System.nanoTime();
    for (int i = 0; i < EventsMain.EVENTS; i++) {
      next += 10_000_000;
      for (long left = next - System.nanoTime(); left > 0; left = next - System.nanoTime()) {
        java.util.concurrent.locks.LockSupport.parkNanos(left);
      }
      String event = "data: " + System.nanoTime() + "\n\n";
      Wire.write(out, Integer.toHexString(event.length()) + "\r\n" + event + "\r\n");
    }
    Wire.write(out, "0\r\n\r\n");
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
