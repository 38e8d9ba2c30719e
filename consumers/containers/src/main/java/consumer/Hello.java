package consumer;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The service to deploy: says where it was asked, on the port in PORT. */
public final class Hello {
  private Hello() {}

  public static void main(String[] arguments) throws IOException {
    int port = Integer.parseInt(System.getenv("PORT"));
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext(
        "/",
        exchange -> {
          byte[] body =
              ("hello from " + exchange.getRequestURI()).getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
  }

  /** Returns the shell line that starts it from the jar that this class came from. */
  static String command() throws URISyntaxException {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    Path jar = Path.of(Hello.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    return "exec '%s' -cp '%s' %s".formatted(java, jar, Hello.class.getName());
  }
}
