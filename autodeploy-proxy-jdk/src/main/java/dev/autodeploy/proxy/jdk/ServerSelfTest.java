package dev.autodeploy.proxy.jdk;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out, once in a JVM, how the running JDK's server reads requests that are built to be read
 * in two ways. It differs between patch levels, so no version number tells.
 *
 * @param chunksSafe whether a chunk size that is too large, or missing, is refused; if not, what
 *     follows it is read as another request
 * @param bareCrSafe whether a lone carriage return in a field's value is refused; if not, it begins
 *     another field
 * @param propertiesLate whether the server had read its system properties before they were set
 */
record ServerSelfTest(boolean chunksSafe, boolean bareCrSafe, boolean propertiesLate) {
  private static final Logger LOG = LoggerFactory.getLogger(ServerSelfTest.class);
  private static final int PATIENCE_MILLIS = 5_000;

  private static final class Once {
    static final ServerSelfTest RESULT = run();
  }

  /** Returns the result; the first call sets the system properties and runs the test. */
  static ServerSelfTest result() {
    return Once.RESULT;
  }

  private static ServerSelfTest run() {
    Map<String, String> properties = ServerProperties.apply();
    ServerSelfTest result;
    try {
      result = probe(properties.containsKey(ServerProperties.MAX_HEADERS));
    } catch (IOException e) {
      LOG.warn("The JDK's server could not be tested and is treated as unsafe", e);
      result = new ServerSelfTest(false, false, false);
    }
    String java = Runtime.version().toString();
    if (result.propertiesLate()) {
      LOG.warn(
          "The JDK's server was in use before the proxy could set {}: expect slow answers and"
              + " dropped connections; set them on the command line",
          properties.keySet());
    } else if (!properties.isEmpty()) {
      LOG.info("System properties set for the JDK's server: {}", properties);
    }
    if (!result.chunksSafe()) {
      LOG.warn(
          "The HTTP server of Java {} reads a bad chunk size as the end of the body, and what follows"
              + " as another request: connections are closed after every chunked request; a newer"
              + " patch level keeps them open",
          java);
    }
    if (!result.bareCrSafe()) {
      LOG.warn(
          "The HTTP server of Java {} takes a lone carriage return in a header field for a line end:"
              + " behind another proxy, make sure that this one refuses it, or use a newer patch"
              + " level",
          java);
    }
    return result;
  }

  private static ServerSelfTest probe(boolean ourProperties) throws IOException {
    Set<String> seen = ConcurrentHashMap.newKeySet();
    InetAddress loopback = InetAddress.getLoopbackAddress();
    HttpServer server = HttpServer.create(new InetSocketAddress(loopback, 0), 8);
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try {
      server.setExecutor(executor);
      server.createContext("/", exchange -> note(exchange, seen));
      server.start();
      int port = server.getAddress().getPort();
      String next = "GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
      String chunked = "POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
      send(loopback, port, chunked + "100000000\r\n\r\n" + next);
      send(loopback, port, chunked + "\r\n" + next);
      final boolean chunksSafe = !seen.contains("/next");
      send(
          loopback,
          port,
          "GET /cr HTTP/1.1\r\nHost: x\r\nA: b\rInjected: c\r\nConnection: close\r\n\r\n");
      final boolean bareCrSafe = !seen.contains("injected");
      StringBuilder many = new StringBuilder("GET /many HTTP/1.1\r\nHost: x\r\n");
      for (int i = 0; i < ServerProperties.OUR_MAX_HEADERS; i++) {
        many.append("X-").append(i).append(": x\r\n");
      }
      send(loopback, port, many + "Connection: close\r\n\r\n");
      return new ServerSelfTest(chunksSafe, bareCrSafe, ourProperties && seen.contains("/many"));
    } finally {
      server.stop(0);
      executor.shutdownNow();
    }
  }

  private static void note(HttpExchange exchange, Set<String> seen) throws IOException {
    seen.add(exchange.getRequestURI().getPath());
    if (exchange.getRequestHeaders().containsKey("Injected")) {
      seen.add("injected");
    }
    try (InputStream body = exchange.getRequestBody()) {
      body.readAllBytes();
    }
    exchange.sendResponseHeaders(200, -1);
    exchange.close();
  }

  private static void send(InetAddress host, int port, String request) throws IOException {
    send(host, port, request, PATIENCE_MILLIS);
  }

  /**
   * Sends a request and waits until the server has closed the connection.
   *
   * @throws IOException if it has not in that time: what it would have done is not known then
   */
  static void send(InetAddress host, int port, String request, int patienceMillis)
      throws IOException {
    try (Socket socket = new Socket(host, port)) {
      socket.setSoTimeout(patienceMillis);
      OutputStream out = socket.getOutputStream();
      out.write(request.getBytes(ISO_8859_1));
      out.flush();
      socket.shutdownOutput();
      socket.getInputStream().readAllBytes();
    } catch (SocketTimeoutException e) {
      throw e; // a busy machine, on which nothing seen is no sign of safety
    } catch (IOException e) {
      LOG.trace("Refused", e); // a reset: what counts is what was seen
    }
  }
}
