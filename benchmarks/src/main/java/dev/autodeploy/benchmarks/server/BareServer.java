package dev.autodeploy.benchmarks.server;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The JDK's server and nothing else, which holds requests in the cheapest way that it has: the
 * handler returns and somebody else answers; or, told {@code virtual}, a virtual thread waits.
 */
public final class BareServer {
  private final Queue<HttpExchange> held = new ConcurrentLinkedQueue<>();
  private final ExecutorService workers;
  private final boolean virtual;
  private volatile CountDownLatch gate = new CountDownLatch(0);

  private BareServer(boolean virtual) {
    this.virtual = virtual;
    workers = virtual ? virtualThreads() : Executors.newFixedThreadPool(8);
  }

  /**
   * Serves.
   *
   * @param arguments {@code virtual}, or nothing
   * @throws IOException if there is no port
   */
  public static void main(String[] arguments) throws IOException {
    // As the link has them.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    System.setProperty("sun.net.httpserver.maxIdleConnections", "20000");
    System.setProperty("sun.net.httpserver.idleInterval", "60");
    BareServer bare = new BareServer(arguments.length > 0);
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4096);
    server.setExecutor(bare.workers);
    server.createContext("/", bare::hold);
    server.start();
    try {
      new Commands()
          .onDo("hold", () -> bare.gate = new CountDownLatch(1))
          .onDo("release", bare::release)
          .onDo("standby", () -> {})
          .on("held", bare.held::size)
          .serve(server.getAddress().getPort());
    } finally {
      server.stop(0);
      bare.workers.shutdownNow();
    }
  }

  private void hold(HttpExchange exchange) throws IOException {
    if (gate.getCount() == 0) {
      answer(exchange);
      return;
    }
    held.add(exchange);
    if (virtual) {
      try {
        gate.await();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      answer(exchange);
    }
  }

  private void release() {
    gate.countDown();
    for (HttpExchange next = held.poll(); next != null; next = held.poll()) {
      HttpExchange exchange = next;
      if (!virtual) {
        workers.execute(() -> answer(exchange));
      }
    }
  }

  private static void answer(HttpExchange exchange) {
    String path = exchange.getRequestURI().getPath();
    byte[] body = ("answer " + path.substring(path.lastIndexOf('/') + 1)).getBytes(US_ASCII);
    try (exchange) {
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The bytecode is for Java 17. */
  private static ExecutorService virtualThreads() {
    try {
      return (ExecutorService)
          Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this Java has no virtual threads", e);
    }
  }
}
