package dev.autodeploy.reliability;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** The network between the proxy and an instance, which may be cut. */
final class Relay implements AutoCloseable {
  /** The behaviour of the network. */
  enum Mode {
    PASS,
    /** Every connection is reset, and each new one. */
    RESET,
    /** Connections stay, and nothing goes through them. */
    STALL,
    /** Every connection is closed in the middle, and each new one. */
    CLOSE
  }

  private final ServerSocket server;
  private final URI target;
  private final Supplier<Mode> mode;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger hits = new AtomicInteger();

  Relay(URI target, Supplier<Mode> mode) {
    this.target = target;
    this.mode = mode;
    try {
      server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    daemon(this::accept);
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getLocalPort());
  }

  /** Returns how many connections were refused, cut or held up because the mode was not to pass. */
  int hits() {
    return hits.get();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket near = server.accept();
        open.add(near);
        if (mode.get() == Mode.RESET || mode.get() == Mode.CLOSE) {
          hits.incrementAndGet();
          end(near);
          continue;
        }
        Socket far = new Socket(target.getHost(), target.getPort());
        open.add(far);
        daemon(() -> pump(near, far));
        daemon(() -> pump(far, near));
      } catch (IOException e) {
        // Closed, or the instance has gone: then what came in is closed below.
        interrupt();
      }
    }
  }

  private void pump(Socket from, Socket to) {
    byte[] buffer = new byte[64];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        hits.addAndGet(mode.get() == Mode.STALL ? 1 : 0);
        while (mode.get() == Mode.STALL) {
          Pause.millis(20);
        }
        out.write(buffer, 0, read);
      }
      to.shutdownOutput();
    } catch (IOException e) {
      hits.addAndGet(mode.get() == Mode.PASS ? 0 : 1);
      end(from);
      end(to);
    }
  }

  /** Does to all open connections what the mode says. */
  void interrupt() {
    open.forEach(this::end);
  }

  private void end(Socket socket) {
    open.remove(socket);
    try {
      if (mode.get() == Mode.RESET) {
        socket.setSoLinger(true, 0);
      }
      socket.close();
    } catch (IOException e) {
      // It has ended already.
    }
  }

  private static void daemon(Runnable work) {
    Thread thread = new Thread(work, "relay");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    interrupt();
  }
}
