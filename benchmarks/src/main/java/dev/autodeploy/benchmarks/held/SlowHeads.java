package dev.autodeploy.benchmarks.held;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/** Connections that begin a request and never finish its head. */
final class SlowHeads implements AutoCloseable {
  private final List<Socket> sockets = new ArrayList<>();

  private final int port;

  SlowHeads(int port) {
    this.port = port;
  }

  void open(int number) throws IOException {
    for (int i = 0; i < number; i++) {
      Socket socket =
          new Socket(InetAddress.getLoopbackAddress(), port, InetAddress.getByName("127.0.0.6"), 0);
      sockets.add(socket);
      socket.getOutputStream().write("GET / HT".getBytes(US_ASCII));
    }
  }

  @Override
  public void close() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
