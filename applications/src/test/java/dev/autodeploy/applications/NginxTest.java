package dev.autodeploy.applications;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.proxy.AsyncAnswers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A cold start that takes longer than nginx waits for a silent connection. */
final class NginxTest {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  @TempDir Path directory;

  @BeforeAll
  static void program() {
    Needs.program("/usr/sbin/nginx");
    Needs.python("http.server");
  }

  /** A real nginx in front of links, with its default settings but for one. */
  private final class Nginx implements AutoCloseable {
    private final Process process;
    final int port;

    Nginx(ApplicationLink link, String timeouts) throws IOException {
      try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        port = free.getLocalPort();
      }
      String text =
          """
          daemon off;
          master_process off;
          pid %1$s/nginx.pid;
          error_log stderr;
          events {}
          http {
            access_log off;
            client_body_temp_path %1$s/body;
            proxy_temp_path %1$s/proxy;
            fastcgi_temp_path %1$s/fastcgi;
            uwsgi_temp_path %1$s/uwsgi;
            scgi_temp_path %1$s/scgi;
            server {
              listen 127.0.0.1:%2$d;
              location / {
                proxy_pass http://127.0.0.1:%3$d;
                proxy_set_header Host localhost;
                %4$s
              }
            }
          }
          """
              .formatted(directory, port, link.proxy.port(), timeouts);
      Path config = Files.writeString(directory.resolve("nginx.conf"), text);
      process =
          new ProcessBuilder("/usr/sbin/nginx", "-p", directory.toString(), "-c", config.toString())
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("nginx.log").toFile())
              .start();
      awaitPort();
    }

    private void awaitPort() throws IOException {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
      while (true) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
          assertThat(socket.isConnected()).isTrue();
          return;
        } catch (IOException e) {
          if (System.nanoTime() > end) {
            throw e;
          }
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
      }
    }

    HttpResponse<String> post(String path, String body, String... fields) {
      return send(path, body, fields).join();
    }

    CompletableFuture<HttpResponse<String>> send(String path, String body, String... fields) {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(body));
      if (fields.length > 0) {
        request.headers(fields);
      }
      return CLIENT.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    HttpResponse<String> get(String path) throws Exception {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build();
      return CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
    }

    @Override
    public void close() {
      process.destroy();
      process.onExit().orTimeout(10, TimeUnit.SECONDS).join();
    }
  }

  private static ApplicationLink link(FrontKind front, long seconds, AsyncAnswers answers)
      throws IOException {
    return new ApplicationLink(
        front,
        "sleep "
            + seconds
            + "; exec /usr/bin/python3 -B '"
            + ApplicationLink.resource("models/server.py")
            + "' $PORT app",
        "/",
        spec -> spec.startTimeout(Duration.ofMinutes(10)),
        links -> links.asyncAnswers(answers));
  }

  private static final String CHAT = "{\"model\":\"x\",\"stream\":%s,\"messages\":[]}";

  private static void passes(ApplicationLink link, Nginx nginx) throws Exception {
    String path = "/d/app/v1/chat/completions";
    HttpResponse<String> ticket =
        nginx.post(path, CHAT.formatted("false"), "Prefer", "respond-async");
    assertThat(ticket.statusCode()).isEqualTo(202);
    String location = ticket.headers().firstValue("Location").orElseThrow();
    HttpResponse<String> stream = nginx.post(path, CHAT.formatted("true"), "Prefer", "kept-alive");
    assertThat(stream.statusCode()).isEqualTo(200);
    assertThat(stream.body()).contains(": starting, ", "app", "data: [DONE]");

    HttpResponse<String> answer = nginx.get(location);
    for (int i = 0; answer.statusCode() == 202 && i < 100; i++) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
      answer = nginx.get(location);
    }
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).contains("app says x");
    assertThat(link.deployment.status().starts()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(FrontKind.class)
  void coldStartLongerThanTheTimeout_passesByTicketAndKeptAlive(FrontKind front) throws Exception {
    AsyncAnswers often = AsyncAnswers.builder().keptAliveInterval(Duration.ofSeconds(1)).build();
    try (ApplicationLink link = link(front, 5, often);
        Nginx nginx = new Nginx(link, "proxy_read_timeout 2s;")) {
      // What is held in silence does not pass.
      assertThat(nginx.post("/d/app/v1/chat/completions", CHAT.formatted("false")).statusCode())
          .isEqualTo(504);
      passes(link, nginx);
    }
  }

  /**
   * With nginx as it comes, which waits for 60 seconds, and links as they come. In a build a start
   * takes 90 seconds; {@code -Dautodeploy.test.coldStart=300} makes it five minutes.
   */
  @Test
  @Tag("slow")
  void coldStartOfMinutes_passesWithDefaultTimeouts() throws Exception {
    try (ApplicationLink link =
            link(
                FrontKind.JDK,
                Long.getLong("autodeploy.test.coldStart", 90),
                AsyncAnswers.builder().build());
        Nginx nginx = new Nginx(link, "")) {
      CompletableFuture<HttpResponse<String>> silent =
          nginx.send("/d/app/v1/chat/completions", CHAT.formatted("false"));
      long begin = System.nanoTime();
      passes(link, nginx);
      assertThat(silent.join().statusCode()).isEqualTo(504);
      System.out.printf(
          "nginx with its defaults: a start of %.1f s passed by ticket and kept-alive%n",
          (System.nanoTime() - begin) / 1e9);
    }
  }
}
