package dev.autodeploy.docker;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The real daemon behind a way on which calls and answers can be lost, late or changed. */
final class DaemonProxy implements AutoCloseable {
  /** The fate of a call on its way. */
  @FunctionalInterface
  interface Fault {
    /**
     * Treats a call.
     *
     * @param call the call
     * @return whether it is dealt with; else it goes on to the daemon as if nothing were
     * @throws IOException if the client has gone
     * @throws InterruptedException at the end of the test
     */
    boolean treats(Call call) throws IOException, InterruptedException;
  }

  /** A look at a line of an answer that has been passed on. */
  @FunctionalInterface
  interface Look {
    /**
     * Takes a line, and the time that the next one is to wait.
     *
     * @param line the line
     * @throws InterruptedException at the end of the test
     */
    void at(String line) throws InterruptedException;
  }

  private final DaemonTransport daemon =
      new DaemonTransport(
          DaemonAddress.from(DockerEnvironment.ofProcess()),
          Duration.ofSeconds(25),
          java.util.Map.of());
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch end = new CountDownLatch(1);
  private final HttpServer server;
  private volatile Fault fault = call -> false;

  DaemonProxy() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  URI uri() {
    return URI.create("tcp://127.0.0.1:" + server.getAddress().getPort());
  }

  /** From now on this happens to every call. */
  void set(Fault next) {
    fault = next;
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      Call call = new Call(exchange);
      if (!fault.treats(call)) {
        call.answer(call.forward());
      }
    } catch (InterruptedException e) {
      // The end of the test: the connection is closed.
    }
  }

  @Override
  public void close() {
    end.countDown();
    daemon.close();
    server.stop(0);
    threads.shutdownNow();
  }

  /**
   * The answer of the daemon.
   *
   * @param code the status
   * @param text the body
   */
  record Answer(int code, String text) {
    /** The same with other words for every match in the body. */
    Answer replace(String regex, Function<MatchResult, String> words) {
      return new Answer(code, Pattern.compile(regex).matcher(text).replaceAll(words));
    }
  }

  /** A call on its way to the daemon. */
  final class Call {
    private final HttpExchange exchange;
    private final String path;
    private @Nullable Answer forwarded;

    Call(HttpExchange exchange) {
      this.exchange = exchange;
      this.path = exchange.getRequestURI().toString();
    }

    /** Returns whether it is a call of this method whose path without the version matches. */
    boolean is(String method, String regex) {
      return exchange.getRequestMethod().equals(method)
          && exchange.getRequestURI().getPath().replaceFirst("^/v[0-9.]+", "").matches(regex);
    }

    /** Lets the daemon carry it out, once. */
    Answer forward() throws IOException {
      if (forwarded == null) {
        forwarded = forwardNow();
      }
      return forwarded;
    }

    private Answer forwardNow() throws IOException {
      byte[] body = exchange.getRequestBody().readAllBytes();
      String method = exchange.getRequestMethod();
      if (is("GET", "/events")) {
        try (DaemonTransport.Exchange events = daemon.stream(method, path, Map.of());
            DaemonTransport.Answer answer = events.open()) {
          exchange.sendResponseHeaders(answer.getStatusCode(), 0);
          copy(answer.getBody(), exchange.getResponseBody());
          return new Answer(answer.getStatusCode(), "");
        }
      }
      try (var answer =
          daemon.execute(method, path, body.length == 0 ? null : body, Duration.ofSeconds(25))) {
        return new Answer(
            answer.getStatusCode(),
            new String(answer.getBody().readAllBytes(), StandardCharsets.UTF_8));
      }
    }

    /** Passes an answer on, unless it went on its way already. */
    boolean answer(Answer answer) throws IOException {
      if (exchange.getResponseCode() == -1) {
        byte[] body = answer.text().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(answer.code(), body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
      }
      return true;
    }

    /** Passes on what the daemon answers bit by bit, line by line, each after a look at it. */
    boolean relay(Look look) throws IOException, InterruptedException {
      try (DaemonTransport.Exchange open =
              daemon.stream(exchange.getRequestMethod(), path, Map.of());
          DaemonTransport.Answer answer = open.open();
          BufferedReader lines =
              new BufferedReader(new InputStreamReader(answer.getBody(), StandardCharsets.UTF_8))) {
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(answer.getStatusCode(), 0);
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          exchange.getResponseBody().write((line + "\n").getBytes(StandardCharsets.UTF_8));
          exchange.getResponseBody().flush();
          look.at(line);
        }
      }
      return true;
    }

    /** Closes the connection instead of an answer. */
    boolean lose() {
      exchange.close();
      return true;
    }

    /** Never answers, and leaves the connection open. */
    boolean stall() throws InterruptedException {
      end.await();
      return true;
    }

    private static void copy(InputStream in, OutputStream out) throws IOException {
      byte[] buffer = new byte[1 << 12];
      out.flush();
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        out.write(buffer, 0, n);
        out.flush();
      }
    }
  }
}
