package dev.autodeploy.jdbc;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** The network on the way to one port of this machine, which can be cut: nothing passes then. */
final class Relay implements AutoCloseable {
  private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final int target;
  private volatile boolean cut;

  Relay(int target) throws IOException {
    this.target = target;
    daemon(this::accept);
  }

  /** Returns a port that no outgoing connection can take before a replica listens on it. */
  static int freePort() {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(12_000, 30_000);
      try (ServerSocket socket = new ServerSocket(port)) {
        return socket.getLocalPort();
      } catch (IOException e) {
        // somebody has it
      }
    }
  }

  int port() {
    return server.getLocalPort();
  }

  int target() {
    return target;
  }

  /** Lets nothing pass any longer, and closes nothing: as a cable that is pulled. */
  void cut() {
    cut = true;
  }

  void mend() {
    cut = false;
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        sockets.add(client);
        daemon(() -> connect(client));
      } catch (IOException e) {
        // closed
      }
    }
  }

  private void connect(Socket client) {
    try {
      awaitMended();
      Socket there = new Socket(InetAddress.getLoopbackAddress(), target);
      sockets.add(there);
      client.setTcpNoDelay(true);
      there.setTcpNoDelay(true);
      daemon(() -> pass(client, there));
      pass(there, client);
    } catch (IOException e) {
      close(client);
    }
  }

  private void pass(Socket from, Socket to) {
    byte[] buffer = new byte[16 * 1024];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        awaitMended();
        out.write(buffer, 0, read);
        out.flush();
      }
    } catch (IOException e) {
      // the other end has closed it
    }
    sockets.remove(from);
    sockets.remove(to);
  }

  private void awaitMended() throws IOException {
    while (cut) {
      try {
        TimeUnit.MILLISECONDS.sleep(20);
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    }
  }

  private static void daemon(Runnable task) {
    Thread thread = new Thread(task, "relay");
    thread.setDaemon(true);
    thread.start();
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // of no use any longer
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    sockets.forEach(Relay::close);
  }
}
