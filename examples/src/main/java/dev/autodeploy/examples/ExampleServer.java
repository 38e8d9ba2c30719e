package dev.autodeploy.examples;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A small service for the examples to start: says what it was told, on the port in {@code PORT}.
 */
public final class ExampleServer {
  private ExampleServer() {}

  /**
   * Serves until it is ended.
   *
   * @param arguments what to say
   * @throws IOException if the port cannot be bound
   */
  public static void main(String[] arguments) throws IOException {
    byte[] body = String.join(" ", arguments).getBytes(StandardCharsets.UTF_8);
    int port = Integer.parseInt(System.getenv("PORT"));
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, body.length);
          try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
          }
        });
    server.start();
    System.out.println("serving on port " + port);
  }

  /**
   * Returns the shell line that starts this server from this program's own class path.
   *
   * @param words what it is to say, without quotes
   * @return the line
   */
  public static String command(String words) {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classPath = System.getProperty("java.class.path");
    return "exec '%s' -cp '%s' %s '%s'"
        .formatted(java, classPath, ExampleServer.class.getName(), words);
  }
}
