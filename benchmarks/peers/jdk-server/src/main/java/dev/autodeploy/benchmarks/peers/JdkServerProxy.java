package dev.autodeploy.benchmarks.peers;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import okhttp3.ConnectionPool;
import okhttp3.Dispatcher;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;

/**
 * The least that a proxy on the JDK's server can be, with one or another client behind it. It holds
 * nothing, rewrites nothing and checks nothing, so what it takes is the server's and the client's.
 */
public final class JdkServerProxy {
  private static final int BUFFER = 32 * 1024;
  private static final int CONNECTIONS = 512;

  private JdkServerProxy() {}

  /**
   * Starts it.
   *
   * @param args the port, the backend's port, and the client: {@code okhttp} or {@code apache}
   * @throws Exception if it cannot start
   */
  public static void main(String[] args) throws Exception {
    System.setProperty("sun.net.httpserver.nodelay", "true");
    System.setProperty("sun.net.httpserver.maxIdleConnections", "20000");
    String backend = "http://127.0.0.1:" + args[1];
    Client client = args[2].equals("apache") ? apache() : okHttp();
    HttpServer server =
        HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])), 4096);
    server.setExecutor(workers());
    server.createContext("/", exchange -> client.get(backend + exchange.getRequestURI(), exchange));
    server.start();
  }

  private static Executor workers() throws ReflectiveOperationException {
    return Runtime.version().feature() < 24
        ? Executors.newFixedThreadPool(256)
        : (Executor) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
  }

  private static Client okHttp() {
    OkHttpClient client =
        new OkHttpClient.Builder()
            .connectionPool(new ConnectionPool(CONNECTIONS, 60, TimeUnit.SECONDS))
            .dispatcher(new Dispatcher())
            .readTimeout(Duration.ZERO)
            .writeTimeout(Duration.ZERO)
            .followRedirects(false)
            .retryOnConnectionFailure(false)
            .build();
    return (url, exchange) -> {
      Request request = new Request.Builder().url(url).header("Accept-Encoding", "identity").build();
      try (Response response = client.newCall(request).execute()) {
        answer(
            exchange, response.code(), response.body().contentLength(), response.body().byteStream());
      }
    };
  }

  private static Client apache() {
    CloseableHttpClient client =
        HttpClients.custom()
            .setConnectionManager(
                PoolingHttpClientConnectionManagerBuilder.create()
                    .setMaxConnPerRoute(CONNECTIONS)
                    .setMaxConnTotal(CONNECTIONS)
                    .build())
            .disableAutomaticRetries()
            .disableRedirectHandling()
            .disableContentCompression()
            .disableCookieManagement()
            .disableAuthCaching()
            .disableDefaultUserAgent()
            .build();
    return (url, exchange) ->
        client.execute(
            new HttpGet(url),
            response -> {
              answer(
                  exchange,
                  response.getCode(),
                  response.getEntity().getContentLength(),
                  response.getEntity().getContent());
              return null;
            });
  }

  private static void answer(HttpExchange exchange, int status, long length, InputStream body)
      throws IOException {
    exchange.sendResponseHeaders(status, length);
    byte[] buffer = new byte[(int) Math.min(length, BUFFER)];
    try (OutputStream out = exchange.getResponseBody()) {
      for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
        out.write(buffer, 0, n);
      }
    }
  }

  /** Fetches and passes on. */
  private interface Client {
    void get(String url, HttpExchange exchange) throws IOException;
  }
}
