package dev.autodeploy.proxy.jdk;

import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import dev.autodeploy.internal.net.ListeningSockets;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** The JDK's servers behind one port: one for each address that is listened on. */
final class LinkServer {
  private final ListeningSockets<HttpServer> sockets;
  private boolean started;

  private LinkServer(ListeningSockets<HttpServer> sockets) {
    this.sockets = sockets;
  }

  /**
   * Opens the servers, which accept connections only after {@link #start}.
   *
   * @param address where to listen; port 0 for one that the system chooses
   * @param backlog how many connections may wait to be accepted
   * @param sslContext holds the certificate, or null for plain HTTP
   * @param heads is told whose TLS handshake begins
   * @param executor serves the requests
   */
  static LinkServer listen(
      InetSocketAddress address,
      int backlog,
      @Nullable SSLContext sslContext,
      UnfinishedHeads heads,
      Executor executor)
      throws IOException {
    ListeningSockets<HttpServer> sockets =
        ListeningSockets.open(
            address,
            one -> create(one, backlog, sslContext, heads),
            server -> server.getAddress().getPort(),
            LinkServer::giveUp);
    sockets.servers().forEach(server -> server.setExecutor(executor));
    return new LinkServer(sockets);
  }

  private static HttpServer create(
      InetSocketAddress address,
      int backlog,
      @Nullable SSLContext sslContext,
      UnfinishedHeads heads)
      throws IOException {
    if (sslContext == null) {
      return HttpServer.create(address, backlog);
    }
    HttpsServer secure = HttpsServer.create(address, backlog);
    secure.setHttpsConfigurator(
        new HttpsConfigurator(sslContext) {
          @Override
          public void configure(HttpsParameters parameters) {
            heads.address(parameters.getClientAddress().getAddress());
            super.configure(parameters);
          }
        });
    return secure;
  }

  int port() {
    return sockets.port();
  }

  /** Returns the host to print in links. */
  String host() {
    return sockets.host();
  }

  List<HttpContext> createContext(String path, HttpHandler handler) {
    return sockets.servers().stream().map(server -> server.createContext(path, handler)).toList();
  }

  void removeContext(String path) {
    sockets.servers().forEach(server -> server.removeContext(path));
  }

  void start() {
    started = true;
    sockets.servers().forEach(HttpServer::start);
  }

  /** Closes the port and all connections. */
  void stop() {
    sockets.servers().forEach(started ? server -> server.stop(0) : LinkServer::giveUp);
  }

  /** Stops listening at once; connections are closed when their requests have ended. */
  void stopSoftly(Duration limit) {
    int seconds = (int) Math.min(Integer.MAX_VALUE, limit.toSeconds() + 1);
    List<InetSocketAddress> addresses =
        sockets.servers().stream().map(HttpServer::getAddress).toList();
    for (HttpServer server : sockets.servers()) {
      Thread thread = new Thread(() -> server.stop(seconds), "autodeploy-proxy-close");
      thread.setDaemon(true);
      thread.start();
    }
    addresses.forEach(LinkServer::awaitFree);
  }

  /** The server gives its port back only when its selector runs. */
  private static void awaitFree(InetSocketAddress address) {
    for (int i = 0; i < 100; i++) {
      try (ServerSocket probe = new ServerSocket()) {
        probe.setReuseAddress(true);
        probe.bind(address);
        return;
      } catch (IOException e) {
        LockSupport.parkNanos(10_000_000);
      }
    }
  }

  /** Stops a server that was not started: its selector keeps the port open until it runs. */
  private static void giveUp(HttpServer server) {
    server.start();
    server.stop(0);
  }
}
