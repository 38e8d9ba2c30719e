package dev.autodeploy.docker;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;

/**
 * A port in front of the JDK's server that refuses TLS at once. Daemons try TLS first, and the
 * JDK's server would keep them waiting for the end of the line.
 */
final class PlainOnlyPort implements AutoCloseable {
  private static final int TLS_HANDSHAKE = 0x16;
  private final ServerSocket front;
  private final InetSocketAddress behind;
  private final ExecutorService threads;

  PlainOnlyPort(InetSocketAddress behind, ExecutorService threads) {
    this.behind = behind;
    this.threads = threads;
    try {
      front = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    threads.execute(this::accept);
  }

  int port() {
    return front.getLocalPort();
  }

  @Override
  public void close() {
    try {
      front.close();
    } catch (IOException e) {
      // It was the last thing to do with it.
    }
  }

  private void accept() {
    while (!front.isClosed()) {
      try {
        Socket socket = front.accept();
        threads.execute(() -> serve(socket));
      } catch (IOException | RejectedExecutionException e) {
        return;
      }
    }
  }

  private void serve(Socket client) {
    try (client) {
      int first = client.getInputStream().read();
      if (first < 0 || first == TLS_HANDSHAKE) {
        return;
      }
      try (Socket server = new Socket(behind.getAddress(), behind.getPort())) {
        server.getOutputStream().write(first);
        threads.execute(() -> pump(server, client));
        pump(client, server);
      }
    } catch (IOException | RejectedExecutionException e) {
      // One of the two went away.
    }
  }

  private static void pump(Socket from, Socket to) {
    try (to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] buffer = new byte[8192];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        out.write(buffer, 0, n);
      }
    } catch (IOException e) {
      // One of the two went away.
    }
  }
}
