package dev.autodeploy.jdbc;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A place where instances run that has nothing to do with the processes that start them: each is an
 * HTTP server that answers with its id, after the milliseconds that the query asks for. Its own
 * address starts, releases and lists them.
 */
final class Cloud implements AutoCloseable {
  private static final int STOPPED = 0;

  static {
    System.setProperty("sun.net.httpserver.nodelay", "true"); // else 44 ms for each answer
    System.setProperty("sun.net.httpserver.maxIdleConnections", "20000"); // else it breaks some
  }

  private final HttpServer api;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, Machine> machines = new ConcurrentHashMap<>();
  private final List<String> started = new CopyOnWriteArrayList<>();
  private final List<String> released = new CopyOnWriteArrayList<>();

  /** The most instances that were there at one moment. */
  private volatile int most;

  private volatile long startMillis;

  private record Machine(HttpServer server, String line) {}

  Cloud() throws IOException {
    api = server(this::serve);
  }

  /** Has each start take some time. */
  void startTakes(Duration time) {
    startMillis = time.toMillis();
  }

  URI address() {
    return URI.create("http://127.0.0.1:" + api.getAddress().getPort());
  }

  List<String> started() {
    return List.copyOf(started);
  }

  List<String> released() {
    return List.copyOf(released);
  }

  List<String> running() {
    return List.copyOf(machines.keySet());
  }

  int most() {
    return most;
  }

  private HttpServer server(Handler handler) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 20_000);
    server.setExecutor(threads);
    server.createContext("/", exchange -> answer(exchange, handler));
    server.start();
    return server;
  }

  private interface Handler {
    String answer(String path, Map<String, String> query) throws IOException;
  }

  private static void answer(HttpExchange exchange, Handler handler) throws IOException {
    exchange.getRequestBody().readAllBytes();
    String answer =
        handler.answer(exchange.getRequestURI().getPath(), query(exchange.getRequestURI()));
    byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(200, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private static Map<String, String> query(URI uri) {
    Map<String, String> values = new TreeMap<>();
    if (uri.getRawQuery() != null) {
      for (String pair : uri.getRawQuery().split("&", -1)) {
        String[] parts = pair.split("=", 2);
        values.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
      }
    }
    return values;
  }

  private String serve(String path, Map<String, String> query) throws IOException {
    String id = query.getOrDefault("id", "");
    return switch (path) {
      case "/start" -> start(id, query);
      case "/release" -> {
        Machine machine = machines.remove(id);
        if (machine != null) {
          released.add(id);
          machine.server.stop(STOPPED);
        }
        yield "";
      }
      case "/list" -> {
        List<String> lines = new ArrayList<>();
        machines.values().forEach(machine -> lines.add(machine.line));
        yield String.join("\n", lines);
      }
      default -> throw new IOException(path);
    };
  }

  private String start(String id, Map<String, String> query) throws IOException {
    pause(startMillis);
    HttpServer server =
        server(
            (path, work) -> {
              pause(Long.parseLong(work.getOrDefault("ms", "0")));
              return id;
            });
    String endpoint = "http://127.0.0.1:" + server.getAddress().getPort();
    String line =
        String.join(
            "\t",
            id,
            query.get("deployment"),
            query.get("slot"),
            query.get("fingerprint"),
            endpoint,
            Instant.now().toString());
    machines.put(id, new Machine(server, line));
    most = Math.max(most, machines.size());
    started.add(id);
    return line;
  }

  private static void pause(long millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException e) {
      throw new UncheckedIOException(new IOException(e));
    }
  }

  @Override
  public void close() {
    machines.values().forEach(machine -> machine.server.stop(STOPPED));
    api.stop(STOPPED);
    threads.shutdownNow();
  }
}
