package dev.autodeploy.reliability.hostile;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Requests as they are on the wire, also those that no client would send. */
final class Wire {
  private Wire() {}

  /** A connection on which this has been sent. */
  static Socket send(InetAddress address, int port, String request) throws IOException {
    Socket socket = new Socket(address, port);
    try {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** The whole answer, or "" if none comes in time or the connection breaks. */
  static String ask(int port, String request, Duration limit) {
    try (Socket socket = send(Ground.loopback(), port, request)) {
      socket.setSoTimeout((int) limit.toMillis());
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  static String get(int port, String path, Duration limit) {
    return ask(port, head("GET " + path, "") + "\r\n", limit);
  }

  /** The head of a request to this machine, without its end. */
  static String head(String line, String fields) {
    return line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + fields;
  }
}
