package dev.autodeploy.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URISyntaxException;
import java.nio.file.Path;

/**
 * The program that a local process runs in a contract test: it listens, and crashes when it is told
 * to.
 */
final class SmallServer {
  static final int CRASH = 'x';
  static final int EXIT_CODE = 139;

  private SmallServer() {}

  /** Returns the command that runs it on the JDK of the test. */
  static String command() {
    try {
      return "exec '"
          + Path.of(System.getProperty("java.home"), "bin", "java")
          + "' -XX:TieredStopAtLevel=1 -Xmx32m -cp '"
          + Path.of(SmallServer.class.getProtectionDomain().getCodeSource().getLocation().toURI())
          + "' "
          + SmallServer.class.getName();
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

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
