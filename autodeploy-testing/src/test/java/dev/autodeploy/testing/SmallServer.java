package dev.autodeploy.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/**
 * The program that a local process runs in a contract test: it listens, and crashes when it is told
 * to.
 */
final class SmallServer {
  static final int CRASH = 'x';
  static final int EXIT_CODE = 139;

  private SmallServer() {}

  public static void main(String[] args) throws IOException {
    int port = Integer.parseInt(System.getenv("PORT"));
    try (ServerSocket server = new ServerSocket(port, 50, InetAddress.getLoopbackAddress())) {
      System.out.println("listening on " + port);
      while (true) {
        try (Socket socket = server.accept()) {
          if (socket.getInputStream().read() == CRASH) {
            System.exit(EXIT_CODE);
          }
        }
      }
    }
  }
}
