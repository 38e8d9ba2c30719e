package dev.autodeploy.internal.process;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/** The ports of this machine that nobody listens on. */
final class FreePorts {
  // Below the range from which systems take the ports of outgoing connections: one of those could
  // have the port before the instance listens on it.
  private static final int FIRST = 20_000;
  private static final int COUNT = 12_000;
  private static final int TRIES = 200;

  private FreePorts() {}

  /** Returns a free port that is not one of the given ones. */
  static int pick(Set<Integer> except) throws IOException {
    for (int i = 0; i < TRIES; i++) {
      int port = FIRST + ThreadLocalRandom.current().nextInt(COUNT);
      if (!except.contains(port) && isFree(port)) {
        return port;
      }
    }
    try (ServerSocket socket = new ServerSocket(0, 1, loopback())) {
      return socket.getLocalPort();
    }
  }

  /** Returns whether a server could listen on a port just now. */
  static boolean isFree(int port) throws IOException {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(loopback(), port), 1);
      return true;
    } catch (BindException e) {
      return false;
    }
  }

  private static InetAddress loopback() throws IOException {
    return InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
  }
}
