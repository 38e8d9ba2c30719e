package dev.autodeploy.internal.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.spi.ProbeTarget;
import dev.autodeploy.spi.ReadinessProbe;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class ProbesTest {
  private static final ReadinessProbe YES = target -> true;
  private static final ReadinessProbe NO = target -> false;
  private static final ReadinessProbe BROKEN =
      target -> {
        throw new IOException("broken");
      };

  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable resource : open) {
      resource.close();
    }
  }

  @Test
  void tcp_onAServerThatWaitsForARequest_isReady() throws Exception {
    int port = serve(socket -> socket.getInputStream().read());

    assertThat(ReadinessProbe.tcp().isReady(target(port, false))).isTrue();
    assertThat(ReadinessProbe.tcp().isReady(target(port, true))).isTrue();
  }

  @Test
  void tcp_onAServerThatSpeaksFirst_isReady() throws Exception {
    int port =
        serve(
            socket -> {
              socket.getOutputStream().write('x');
              socket.getInputStream().read();
            });

    assertThat(ReadinessProbe.tcp().isReady(target(port, false))).isTrue();
  }

  @Test
  void tcp_onAForwarderThatAcceptsAndCloses_isReadyOnlyWhereAcceptingProvesIt() throws Exception {
    int port = serve(socket -> {});

    assertThat(ReadinessProbe.tcp().isReady(target(port, false))).isFalse();
    assertThat(ReadinessProbe.tcp().isReady(target(port, true))).isTrue();
  }

  @Test
  void tcp_onAForwarderThatResets_isNotReady() throws Exception {
    int port = serve(socket -> socket.setSoLinger(true, 0));

    boolean ready = true;
    for (int i = 0; ready && i < 20; i++) { // on a busy machine the reset may come late
      ready = answer(ReadinessProbe.tcp(), target(port, false));
    }
    assertThat(ready).isFalse();
  }

  @Test
  void tcp_whereNobodyListens_isNotReady() throws Exception {
    assertThat(answer(ReadinessProbe.tcp(), target(unused(), true))).isFalse();
  }

  @Test
  void http_isReadyByStatus_andFollowsNoRedirect() throws Exception {
    int port = http();

    assertThat(ReadinessProbe.http("/200").isReady(target(port, false))).isTrue();
    assertThat(ReadinessProbe.http("/302?x=1").isReady(target(port, false))).isTrue();
    assertThatThrownBy(() -> ReadinessProbe.http("/404").isReady(target(port, false)))
        .isInstanceOf(IOException.class)
        .hasMessage("GET /404 answered 404");
    assertThatThrownBy(() -> ReadinessProbe.http("/503").isReady(target(port, false)))
        .hasMessage("GET /503 answered 503");
    assertThat(ReadinessProbe.http("/404", 404).isReady(target(port, false))).isTrue();
    assertThatThrownBy(() -> ReadinessProbe.http("/200", 204).isReady(target(port, false)))
        .hasMessage("GET /200 answered 200");
  }

  @Test
  void http_onAServerThatIsNoHttpServer_cannotAsk() throws Exception {
    int port =
        serve(
            socket ->
                socket.getOutputStream().write("nonsense\n".getBytes(StandardCharsets.UTF_8)));

    assertThat(answer(ReadinessProbe.http("/"), target(port, false))).isFalse();
  }

  @Test
  void http_ofABadPathOrStatus_isRefused() {
    assertThatThrownBy(() -> ReadinessProbe.http("ready"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ReadinessProbe.http("/", 99))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void logLine_isReadyWhenALineContainsAMatch() throws Exception {
    ReadinessProbe probe = ReadinessProbe.logLine("listening on [0-9]+$");

    assertThat(probe.isReady(logging("starting", "now listening on 8080"))).isTrue();
    assertThat(probe.isReady(logging("listening on", "8080"))).isFalse();
    assertThat(probe.isReady(logging())).isFalse();
    assertThat(probe.isReady(logging("listening on \u001B[1m8080\u001B[0m"))).isTrue();
    assertThatThrownBy(() -> ReadinessProbe.logLine("("))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  @Timeout(60)
  void logLine_whoseExpressionBacktracks_endsWithAnErrorThatNamesIt() {
    ReadinessProbe probe = ReadinessProbe.logLine("(.*a){25}$");

    assertThatThrownBy(() -> probe.isReady(logging("a".repeat(2000) + "!")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("'(.*a){25}$'")
        .hasMessageContaining("steps on a text of 2001 characters");
  }

  @Test
  void logLine_thatCannotReadOneLine_findsAMatchInAnother() throws Exception {
    ReadinessProbe probe = ReadinessProbe.logLine("^(ready|a|aa)+$");
    String deep = "a".repeat(2_000_000) + "!"; // deeper than a stack

    assertThatThrownBy(() -> probe.isReady(logging("starting", deep)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("too deep a recursion");
    assertThat(probe.isReady(logging(deep, "ready"))).isTrue();
  }

  @Test
  void http_ofAPathThatCouldNameAnotherHost_isRefused() {
    for (String path :
        List.of(
            "//127.0.0.2/",
            "//host",
            "///host/",
            "/\\host/",
            "\\\\host/",
            "@host/",
            ":80@host/",
            "http://host/",
            "?x=//host/",
            "",
            "/../x",
            "/a/..",
            "/a/./b",
            "/a\r\nHost: host",
            "/a b",
            "/\t/")) {
      assertThatThrownBy(() -> ReadinessProbe.http(path))
          .as(path)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("probe path must");
    }
  }

  @Test
  void http_asksTheEndpointAlone() throws Exception {
    int port = http();
    ProbeTarget other =
        new ProbeTarget(
            URI.create("http://127.0.0.1:" + port + "/base/"),
            true,
            () -> CompletableFuture.completedFuture(List.of()));

    for (String path : List.of("/200?next=//127.0.0.2/", "/200?x=a@b:c", "/200#//x")) {
      assertThat(ReadinessProbe.http(path, 200).isReady(other)).as(path).isTrue();
    }
    assertThat(ProbePath.at(URI.create("http://[::1]:80"), "/\u00fc?\u00e4"))
        .hasToString("http://[::1]:80/%C3%BC?%C3%A4");
  }

  @Test
  void logLine_ofALogThatCannotBeRead_cannotAsk() {
    ProbeTarget target =
        new ProbeTarget(
            URI.create("http://127.0.0.1:1"),
            true,
            () -> CompletableFuture.failedFuture(new IllegalStateException("no log")));

    assertThatThrownBy(() -> ReadinessProbe.logLine("x").isReady(target))
        .isInstanceOf(IOException.class)
        .hasRootCauseMessage("no log");
  }

  @Test
  void anyOf_isReadyWithOne_evenIfOthersBreak() throws Exception {
    assertThat(ReadinessProbe.anyOf(BROKEN, NO, YES).isReady(logging())).isTrue();
    assertThat(ReadinessProbe.anyOf(NO, NO).isReady(logging())).isFalse();
    assertThatThrownBy(() -> ReadinessProbe.anyOf(BROKEN, NO).isReady(logging()))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(ReadinessProbe::anyOf).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void allOf_isReadyWithAllOnly() throws Exception {
    assertThat(ReadinessProbe.allOf(YES, YES).isReady(logging())).isTrue();
    assertThat(ReadinessProbe.allOf(YES, NO, BROKEN).isReady(logging())).isFalse();
    assertThatThrownBy(() -> ReadinessProbe.allOf(YES, BROKEN).isReady(logging()))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(ReadinessProbe::allOf).isInstanceOf(IllegalArgumentException.class);
  }

  private interface Handler {
    void handle(Socket socket) throws IOException;
  }

  /** Serves connections one after the other; each is closed when its handler returns. */
  private int serve(Handler handler) throws IOException {
    ServerSocket server = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"));
    open.add(server);
    Thread thread =
        new Thread(
            () -> {
              while (!server.isClosed()) {
                try (Socket socket = server.accept()) {
                  handler.handle(socket);
                } catch (IOException e) {
                  // The probe or the test is done.
                }
              }
            });
    thread.setDaemon(true);
    thread.start();
    return server.getLocalPort();
  }

  /** Answers every path with the status that it names. */
  private int http() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 10);
    open.add(() -> server.stop(0));
    server.createContext(
        "/",
        exchange -> {
          try (InputStream body = exchange.getRequestBody()) {
            body.readAllBytes();
          }
          exchange.getResponseHeaders().set("Location", "/404");
          exchange.sendResponseHeaders(
              Integer.parseInt(exchange.getRequestURI().getPath().substring(1)), -1);
          exchange.close();
        });
    server.start();
    return server.getAddress().getPort();
  }

  private static int unused() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      return socket.getLocalPort();
    }
  }

  private static boolean answer(ReadinessProbe probe, ProbeTarget target)
      throws InterruptedException {
    try {
      return probe.isReady(target);
    } catch (IOException e) {
      return false;
    }
  }

  private static ProbeTarget target(int port, boolean acceptProvesListening) {
    return new ProbeTarget(
        URI.create("http://127.0.0.1:" + port),
        acceptProvesListening,
        () -> CompletableFuture.completedFuture(List.of()));
  }

  private static ProbeTarget logging(String... lines) {
    return new ProbeTarget(
        URI.create("http://127.0.0.1:1"),
        true,
        () -> CompletableFuture.completedFuture(List.of(lines)));
  }
}
