package dev.autodeploy.console;

import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.internal.net.ListeningSockets;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;

/** A server that has only the Auto Deploy page. */
public final class ConsoleServer implements AutoCloseable {
  private final ListeningSockets<HttpServer> sockets;
  private final ServerWorkers workers;

  private ConsoleServer(ListeningSockets<HttpServer> sockets, ServerWorkers workers) {
    this.sockets = sockets;
    this.workers = workers;
  }

  static ConsoleServer start(Console console, InetSocketAddress address, Duration clientLimit)
      throws IOException {
    ServerWorkers workers = new ServerWorkers(clientLimit);
    try {
      ListeningSockets<HttpServer> sockets =
          ListeningSockets.open(
              address,
              one -> started(console, one, workers),
              server -> server.getAddress().getPort(),
              server -> server.stop(0));
      return new ConsoleServer(sockets, workers);
    } catch (IOException | RuntimeException e) {
      workers.close();
      throw e;
    }
  }

  private static HttpServer started(
      Console console, InetSocketAddress address, ServerWorkers workers) throws IOException {
    HttpServer server = HttpServer.create(address, 0);
    server.setExecutor(workers);
    console.mount(server, "/");
    server.start();
    return server;
  }

  /**
   * Returns the address of the page, under which nobody but this server answers.
   *
   * @return such as {@code http://localhost:8001/}
   */
  public URI uri() {
    return URI.create("http://" + sockets.host() + ":" + sockets.port() + "/");
  }

  /**
   * Returns the port.
   *
   * @return the port that it listens on
   */
  public int port() {
    return sockets.port();
  }

  /** Stops listening; what is being answered is cut off. The console itself stays. */
  @Override
  public void close() {
    sockets.servers().forEach(server -> server.stop(0));
    workers.close();
  }
}
