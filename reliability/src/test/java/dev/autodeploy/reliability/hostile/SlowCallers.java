package dev.autodeploy.reliability.hostile;

import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.console.Console;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A caller without any token, with as many connections as it likes and all the time there is. */
final class SlowCallers {
  private static final String ROLE = "slow caller";
  private static final int HEADS = 2100;
  private static final int THREADS = 16;
  private static final int LARGE = 20_000_000;

  private SlowCallers() {}

  static void addTo(Map<String, Attack> attacks) {
    attacks.put(
        "heads-link",
        new Attack(
            ROLE,
            HEADS + " unfinished heads at the link",
            ground -> heads(ground, plain(ground, THREADS, "served"), "/"),
            ground ->
                heads(ground, Victim.start(ground, Victim.SERVED).warm().proxy.port(), "/d/app/")));
    attacks.put(
        "heads-page",
        new Attack(
            ROLE,
            HEADS + " unfinished heads at the page's own server",
            ground -> heads(ground, plain(ground, THREADS, "served"), "/"),
            ground -> heads(ground, page(ground), "/-/api/session")));
    attacks.put(
        "dripping-body",
        new Attack(
            ROLE,
            "a small body, byte by byte, to an instance that takes one request at a time",
            ground -> drip(ground, plain(ground, 1, "served"), "/"),
            ground ->
                drip(
                    ground,
                    Victim.start(ground, Victim.SERVED, spec -> spec.concurrency(1), proxy -> {})
                        .warm()
                        .proxy
                        .port(),
                    "/d/app/")));
    attacks.put(
        "slow-reader",
        new Attack(
            ROLE,
            "reads a large answer slowly, of an instance that takes one request at a time",
            ground -> read(plain(ground, 1, "x".repeat(LARGE) + "served"), "/"),
            SlowCallers::slowReader));
  }

  /** A server as anybody would write it. */
  private static int plain(Ground ground, int threads, String answer) throws IOException {
    byte[] bytes = answer.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
    HttpServer server = ground.plainServer(threads);
    server.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          exchange.sendResponseHeaders(200, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    return server.getAddress().getPort();
  }

  private static int page(Ground ground) throws IOException {
    Console console = ground.keep(Console.builder(ground.engine()).build());
    return ground.keep(console.start(0)).port();
  }

  private static @Nullable String heads(Ground ground, int port, String path) throws Exception {
    List<Socket> sockets = new ArrayList<>();
    ground.keep(() -> close(sockets));
    for (int i = 0; i < HEADS; i++) {
      try {
        sockets.add(Wire.send(Ground.loopback(), port, "GET " + path + " HTTP/1.1\r\nHost: local"));
      } catch (IOException e) {
        // The server has closed it already, which is one of its ways.
      }
    }
    System.out.printf("  %d of %d connections%n", sockets.size(), HEADS);
    if (sockets.size() < HEADS / 2) {
      throw new AssertionError("only " + sockets.size() + " connections were made");
    }
    return answered(port, path, 5);
  }

  private static void close(List<Socket> sockets) throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  private static @Nullable String drip(Ground ground, int port, String path) throws Exception {
    Socket slow =
        ground.keep(
            Wire.send(
                Ground.loopback(),
                port,
                Wire.head("POST " + path, "Content-Length: 100\r\n") + "\r\nx"));
    Ground.pause(Duration.ofMillis(300));
    slow.getOutputStream().write('x');
    return answered(port, path, 2);
  }

  private static @Nullable String answered(int port, String path, int times) {
    for (int i = 0; i < times; i++) {
      long begun = System.nanoTime();
      String got = Wire.get(port, path, Victim.LIMIT);
      System.out.printf("  answered after %d ms%n", (System.nanoTime() - begun) / 1_000_000);
      if (!got.startsWith("HTTP/1.1 200")) {
        return "another caller got '%.60s' after %d ms"
            .formatted(got, (System.nanoTime() - begun) / 1_000_000);
      }
    }
    return null;
  }

  private static @Nullable String slowReader(Ground ground) throws Exception {
    Victim victim =
        Victim.start(
            ground,
            "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%sserved"
                .formatted(LARGE + 6, "x".repeat(LARGE)),
            spec -> spec.concurrency(1),
            // The default gives a slow line a minute, for which no round waits.
            proxy -> proxy.stallTimeout(Duration.ofSeconds(1)).minTransferRate(5_000_000));
    return read(victim.warm().proxy.port(), "/d/app/");
  }

  private static @Nullable String read(int port, String path) throws Exception {
    try (Socket socket = new Socket()) {
      socket.setReceiveBufferSize(32 * 1024);
      socket.connect(new InetSocketAddress(Ground.loopback(), port));
      socket
          .getOutputStream()
          .write((Wire.head("GET " + path, "") + "\r\n").getBytes(StandardCharsets.US_ASCII));
      Thread reader =
          new Thread(
              () -> {
                byte[] some = new byte[8 * 1024];
                try {
                  while (socket.getInputStream().read(some) >= 0) {
                    Ground.pause(Duration.ofMillis(15));
                  }
                } catch (IOException | InterruptedException e) {
                  // It was cut, or the round is over.
                }
              });
      reader.start();
      Ground.pause(Duration.ofMillis(300));
      return answered(port, path, 1);
    }
  }
}
