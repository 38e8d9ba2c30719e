package dev.autodeploy.internal.process;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** A service as somebody would deploy it: it listens on the port in PORT and answers everything. */
public final class TinyServer {
  private TinyServer() {}

  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(System.getenv("PORT"));
    byte[] answer = "hello".getBytes(StandardCharsets.UTF_8);
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), 10);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    server.start();
    System.out.println("listening on " + port);
  }

  /** The line that starts it. */
  static String command() {
    return java() + " " + TinyServer.class.getName();
  }

  /** The beginning of a line that runs a class of the tests. */
  static String java() {
    return "'"
        + System.getProperty("java.home")
        + "/bin/java' -Xshare:auto -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp '"
        + System.getProperty("java.class.path")
        + "'";
  }
}
