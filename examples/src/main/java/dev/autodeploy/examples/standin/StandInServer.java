package dev.autodeploy.examples.standin;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The HTTP server around {@link BreezyVoiceApi}, as busy with one request at a time as BreezyVoice
 * is.
 *
 * <p>BreezyVoice speaks on its event loop: while it does, nothing else is answered, not even {@code
 * GET /v1/models}. Connections are accepted all the time, and bodies move without the loop.
 */
final class StandInServer implements AutoCloseable {
  private static final int BACKLOG = 2048;
  private static final int THREADS = 64;
  private static final int MAX_BODY_BYTES = 1 << 20;

  static {
    // Read once, when the server's first class loads. Without it every keep-alive answer takes 44
    // ms.
    if (System.getProperty("sun.net.httpserver.nodelay") == null) {
      System.setProperty("sun.net.httpserver.nodelay", "true");
    }
  }

  private final ReentrantLock eventLoop = new ReentrantLock(true);
  private final BreezyVoiceApi api;
  private final SleepCalls sleepCalls;
  private final UvicornLog log;
  private final HttpServer server;
  private final ExecutorService workers;

  private StandInServer(
      BreezyVoiceApi api, SleepCalls sleepCalls, UvicornLog log, HttpServer server) {
    this.api = api;
    this.sleepCalls = sleepCalls;
    this.log = log;
    this.server = server;
    AtomicInteger threads = new AtomicInteger();
    this.workers =
        Executors.newFixedThreadPool(
            THREADS,
            task -> {
              Thread thread = new Thread(task, "stand-in-" + threads.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Opens the port and serves until {@link #close()}.
   *
   * @throws IOException if the address cannot be bound
   */
  static StandInServer open(InetSocketAddress address, BreezyVoiceApi api, UvicornLog log)
      throws IOException {
    return open(address, api, new SleepCalls(false, Duration.ZERO, log), log);
  }

  /**
   * Opens the port of one that can be put to sleep.
   *
   * @throws IOException if the address cannot be bound
   */
  static StandInServer open(
      InetSocketAddress address, BreezyVoiceApi api, SleepCalls sleepCalls, UvicornLog log)
      throws IOException {
    HttpServer http = HttpServer.create(address, BACKLOG);
    StandInServer server = new StandInServer(api, sleepCalls, log, http);
    http.setExecutor(server.workers);
    http.createContext("/", server::handle);
    http.start();
    return server;
  }

  /** Returns where it listens, with the real port if 0 was asked for. */
  InetSocketAddress address() {
    return server.getAddress();
  }

  /** Returns how many requests wait for the one that is being answered. */
  int waiting() {
    return eventLoop.getQueueLength();
  }

  /** Closes the port and every connection at once. */
  @Override
  public void close() {
    server.stop(0);
    workers.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY_BYTES + 1);
    send(exchange, inTurn(exchange, body));
  }

  private Answer inTurn(HttpExchange exchange, byte[] body) {
    String method = exchange.getRequestMethod();
    String path = exchange.getRequestURI().getRawPath();
    String contentType = exchange.getRequestHeaders().getFirst("Content-Type");
    eventLoop.lock();
    try {
      Answer answer = sleepCalls.answer(method, path, exchange.getRequestURI().getRawQuery(), body);
      if (answer == null) {
        answer =
            body.length > MAX_BODY_BYTES
                ? Answer.detail(413, "Request body is larger than " + MAX_BODY_BYTES + " bytes")
                : api.answer(method, path, contentType, body);
      }
      log.access(
          exchange.getRemoteAddress(), method, path, exchange.getProtocol(), answer.status());
      return answer;
    } finally {
      eventLoop.unlock();
    }
  }

  /** An error while writing is thrown: the server then cuts the connection, as it should. */
  private static void send(HttpExchange exchange, Answer answer) throws IOException {
    answer.headers().forEach(exchange.getResponseHeaders()::set);
    exchange.getResponseHeaders().set("Server", "breezyvoice-stand-in");
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.sendResponseHeaders(answer.status(), -1);
      exchange.close();
      return;
    }
    exchange.sendResponseHeaders(answer.status(), answer.streamed() ? 0 : answer.body().length);
    OutputStream out = exchange.getResponseBody();
    out.write(answer.body());
    out.close();
  }
}
