import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.Executors;

/** The service of the check: takes 200 ms for an answer, and writes down what it was asked. */
public final class Voice {
  private Voice() {}

  public static void main(String[] args) throws Exception {
    Path seen = Path.of(System.getenv("CHECK"), "seen");
    int port = Integer.parseInt(System.getenv("PORT"));
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 100);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext(
        "/",
        exchange -> {
          String said = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          synchronized (seen) {
            Files.writeString(
                seen, said + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
          }
          try {
            Thread.sleep(200);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          byte[] answer = ("spoken: " + said).getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    server.start();
  }
}
