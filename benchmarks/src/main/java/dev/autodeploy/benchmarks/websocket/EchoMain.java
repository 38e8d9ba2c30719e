package dev.autodeploy.benchmarks.websocket;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A WebSocket server that sends every message back. */
public final class EchoMain {
  private static final Pattern KEY = Pattern.compile("(?i)sec-websocket-key: *(\\S+)");
  private static final String SALT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455, 1.3

  private EchoMain() {}

  /**
   * Serves until the process is ended.
   *
   * @param args the port
   * @throws IOException if the port is taken
   */
  public static void main(String[] args) throws IOException {
    try (ServerSocket server =
        new ServerSocket(Integer.parseInt(args[0]), 4096, InetAddress.getLoopbackAddress())) {
      while (true) {
        Socket client = server.accept();
        new Thread(() -> serve(client)).start();
      }
    }
  }

  private static void serve(Socket client) {
    try (client;
        DataInputStream in =
            new DataInputStream(new BufferedInputStream(client.getInputStream(), 1 << 17))) {
      client.setTcpNoDelay(true);
      Matcher key = KEY.matcher(Frames.head(in));
      if (!key.find()) {
        client
            .getOutputStream()
            .write("HTTP/1.1 426 no\r\nContent-Length: 0\r\n\r\n".getBytes(ISO_8859_1));
        return;
      }
      byte[] hash =
          MessageDigest.getInstance("SHA-1").digest((key.group(1) + SALT).getBytes(ISO_8859_1));
      String head =
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              + "Sec-WebSocket-Accept: "
              + Base64.getEncoder().encodeToString(hash)
              + "\r\n\r\n";
      client.getOutputStream().write(head.getBytes(ISO_8859_1));
      while (true) {
        client.getOutputStream().write(Frames.frame(Frames.read(in), false));
      }
    } catch (IOException e) {
      return; // the client has gone
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
