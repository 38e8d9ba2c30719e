package dev.autodeploy.reliability.hostile;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A service that answers every request with the bytes of a file, whatever they are, and prints what
 * it was sent: {@code EvilServer address port file}.
 */
public final class EvilServer {
  private EvilServer() {}

  /** Runs until it is killed. */
  public static void main(String[] arguments) throws Exception {
    Path answer = Path.of(arguments[2]);
    try (ServerSocket server =
        new ServerSocket(Integer.parseInt(arguments[1]), 50, InetAddress.getByName(arguments[0]))) {
      System.out.println("listening");
      while (true) {
        Socket socket = server.accept();
        new Thread(() -> serve(socket, answer)).start();
      }
    }
  }

  private static void serve(Socket socket, Path answer) {
    try (socket) {
      AtomicReference<String> request = new AtomicReference<>("");
      read(socket.getInputStream(), request);
      if (!request.get().isEmpty()) {
        System.out.println(request.get().replace("\r\n", "|"));
        socket.getOutputStream().write(Files.readAllBytes(answer));
      }
    } catch (IOException e) {
      // The caller has gone.
    }
  }

  private static void read(InputStream in, AtomicReference<String> request) throws IOException {
    StringBuilder head = new StringBuilder();
    for (int c = in.read(); c >= 0; c = in.read()) {
      head.append((char) c);
      if (head.toString().endsWith("\r\n\r\n")) {
        String length = head.toString().toLowerCase(Locale.ROOT).replaceAll("\r\n", "\n");
        int at = length.indexOf("\ncontent-length: ");
        int bytes = at < 0 ? 0 : Integer.parseInt(length.substring(at + 17).split("\n", 2)[0]);
        request.set(head + new String(in.readNBytes(bytes), StandardCharsets.ISO_8859_1));
        return;
      }
    }
  }

  /** The shell line that starts one; the port may be a variable of the shell's. */
  static String command(String address, String port, Path answer) throws Exception {
    return "%s '%s' %s %s '%s'"
        .formatted(java(), EvilServer.class.getName(), address, port, answer);
  }

  /** The beginning of a shell line that runs a class of these tests. */
  static String java() throws Exception {
    Path classes =
        Path.of(EvilServer.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    return "'%s/bin/java' -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp '%s'"
        .formatted(System.getProperty("java.home"), classes);
  }
}
