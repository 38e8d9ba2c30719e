package dev.autodeploy.console;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A server that has only the Auto Deploy page. */
public final class ConsoleServer implements AutoCloseable {
  private static final int THREADS = 16;
  private static final int WAITING = 1000;

  private final HttpServer server;
  private final ThreadPoolExecutor executor;

  private ConsoleServer(HttpServer server, ThreadPoolExecutor executor) {
    this.server = server;
    this.executor = executor;
  }

  static ConsoleServer start(Console console, InetSocketAddress address) throws IOException {
    HttpServer server = HttpServer.create(address, 0);
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(WAITING),
            DaemonThreads.named("console-http"));
    executor.allowCoreThreadTimeOut(true);
    server.setExecutor(executor);
    console.mount(server, "/");
    server.start();
    return new ConsoleServer(server, executor);
  }

  /**
   * Returns the address of the page.
   *
   * @return such as {@code http://localhost:8001/}
   */
  public URI uri() {
    InetSocketAddress address = server.getAddress();
    String host = address.getAddress().isLoopbackAddress() ? "localhost" : address.getHostString();
    return URI.create("http://" + host + ":" + address.getPort() + "/");
  }

  /**
   * Returns the port.
   *
   * @return the port that it listens on
   */
  public int port() {
    return server.getAddress().getPort();
  }

  /** Stops listening; what is being answered is cut off. The console itself stays. */
  @Override
  public void close() {
    server.stop(0);
    executor.shutdownNow();
  }
}
