package dev.autodeploy.reliability.hostile;

import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.console.Console;
import dev.autodeploy.console.Webhook;
import dev.autodeploy.docker.DockerInstanceProvider;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The outsiders who are only spoken to, users of the API, and nobody at all: a path by mistake. */
final class Outsiders {
  private static final Pattern TOKEN = Pattern.compile("\"token\"\\s*:\\s*\"([^\"]+)\"");
  private static final String ESCAPES = "\\u001b[2J\\u001b]0;owned\\u0007forged\\u009b31m";

  private Outsiders() {}

  static void addTo(Map<String, Attack> attacks) {
    attacks.put(
        "old-recordings",
        new Attack(
            "nobody: a path by mistake",
            "`directory(…)` with somebody's 40 days old files",
            ground -> oldRecordings(ground, Outsiders::cleanUp),
            ground -> oldRecordings(ground, path -> registry(ground, path))));
    attacks.put(
        "dripping-receiver",
        new Attack(
            "webhook receiver",
            "drips its answer, for ever",
            Outsiders::naiveHook,
            Outsiders::hook));
    attacks.put(
        "huge-amount",
        new Attack(
            "API user",
            "a price of 1e999999999, whose text is a gigabyte",
            ground -> priceOf(new BigDecimal("1e999999999")),
            Outsiders::hugeAmount));
    attacks.put(
        "no-loopback",
        new Attack(
            "API user",
            "a plain address that only looks like this machine's, `127.evil.example`",
            ground -> "127.evil.example".startsWith("127.") ? "taken for this machine" : null,
            Outsiders::noLoopback));
    attacks.put(
        "endless-daemon",
        new Attack(
            "Docker daemon",
            "answers without an end",
            ground -> endlessDaemon(ground, Outsiders::naiveDaemon),
            ground -> endlessDaemon(ground, Outsiders::provider)));
    attacks.put(
        "daemon-escapes",
        new Attack(
            "Docker daemon",
            "terminal escapes in its errors",
            ground -> daemonEscapes(ground, Outsiders::naiveDaemon),
            ground -> daemonEscapes(ground, Outsiders::provider)));
  }

  private static @Nullable String oldRecordings(Ground ground, Use use) throws Exception {
    Path directory = Files.createDirectory(ground.directory().resolve("recordings"));
    Path file = directory.resolve("2020/one.wav");
    Files.createDirectories(file.getParent());
    Files.writeString(file, "precious");
    FileTime old = FileTime.from(Instant.now().minus(Duration.ofDays(40)));
    for (Path path : List.of(file, file.getParent())) {
      Files.setLastModifiedTime(path, old);
    }
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    try {
      use.of(directory);
      // The clean-up used to begin after a second and a half.
      Ground.pause(Duration.ofSeconds(3));
    } catch (RuntimeException e) {
      System.out.println("  refused: " + e.getMessage());
    }
    if (!Files.exists(file)) {
      return "the recording is gone";
    }
    return Files.getPosixFilePermissions(directory).size() == 7 ? null : "its mode was changed";
  }

  /** The act of one a path or an address. */
  @FunctionalInterface
  private interface Use {
    void of(Path path) throws Exception;
  }

  private static void cleanUp(Path directory) throws Exception {
    new ProcessBuilder(
            "find", directory.toString(), "-mindepth", "1", "-mtime", "+30", "-depth", "-delete")
        .start()
        .waitFor();
  }

  private static void registry(Ground ground, Path directory) {
    ground.engine(LocalProcessProvider.builder().directory(directory).build());
  }

  private static HttpServer dripping(Ground ground) throws IOException {
    HttpServer receiver = ground.plainServer(8);
    receiver.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          exchange.sendResponseHeaders(200, 1_000_000);
          try {
            while (true) {
              exchange.getResponseBody().write('x');
              exchange.getResponseBody().flush();
              Ground.pause(Duration.ofMillis(200));
            }
          } catch (InterruptedException e) {
            // The round is over.
          }
        });
    return receiver;
  }

  private static URI address(HttpServer server) {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
  }

  private static @Nullable String naiveHook(Ground ground) throws Exception {
    URI receiver = address(dripping(ground));
    return endsWithin(
        () ->
            HttpClient.newHttpClient()
                .send(
                    HttpRequest.newBuilder(receiver).timeout(Duration.ofSeconds(2)).build(),
                    BodyHandlers.ofString()));
  }

  private static @Nullable String hook(Ground ground) throws Exception {
    AutoDeploy engine = ground.engine();
    Webhook webhook =
        ground.keep(
            Webhook.builder(engine, address(dripping(ground)), "a-secret-of-two-parties")
                .closeTimeout(Duration.ofMillis(100))
                .build());
    for (String name : List.of("first", "second", "third")) {
      engine.deploy(DeploymentSpec.builder(name).port(0).startCommand("true").build());
    }
    return Ground.within(Duration.ofSeconds(20), () -> webhook.delivered() == 3)
        ? null
        : "only " + webhook.delivered() + " of three events were delivered in 20 s";
  }

  private static @Nullable String priceOf(BigDecimal amount) {
    long digits = (long) amount.precision() - amount.scale();
    return digits > 1_000_000 ? "taken, with %d digits".formatted(digits) : null;
  }

  private static @Nullable String hugeAmount(Ground ground) throws Exception {
    AutoDeploy engine = ground.engine();
    Console console = ground.keep(Console.builder(engine).actions(true).build());
    int port = ground.keep(console.start(0)).port();
    Matcher token = TOKEN.matcher(Wire.get(port, "/-/api/session", Victim.LIMIT));
    if (!token.find()) {
      throw new AssertionError("no token for the API's user");
    }
    for (String amount : List.of("\"1e999999999\"", "1e999999999", "\"1e-999999999\"")) {
      String body =
          "{\"name\":\"dear\",\"port\":1,\"startCommand\":\"true\",\"pricePerHour\":{\"amount\":"
              + amount
              + ",\"currency\":\"USD\"}}";
      String got =
          Wire.ask(
              port,
              Wire.head(
                      "POST /-/api/deployments",
                      "Content-Type: application/json\r\nX-AutoDeploy-Token: %s\r\nContent-Length: %d\r\n"
                          .formatted(token.group(1), body.length()))
                  + "\r\n"
                  + body,
              Victim.LIMIT);
      if (!got.startsWith("HTTP/1.1 4")) {
        return "the price " + amount + " got: " + got;
      }
      if (!got.contains("pricePerHour")) {
        throw new AssertionError("refused for something else: " + got);
      }
    }
    return null;
  }

  private static @Nullable String noLoopback(Ground ground) throws Exception {
    AutoDeploy engine = ground.engine();
    for (String host :
        List.of("127.evil.example", "localhost.evil.example", "127.0.0.1.evil.example")) {
      try {
        Webhook.builder(engine, URI.create("http://" + host + "/"), "a-secret-of-two-parties")
            .build()
            .close();
        return host + " is taken for this machine";
      } catch (IllegalArgumentException e) {
        // As it should be.
      }
    }
    return null;
  }

  /** Speaks to a daemon; what it says goes to the consumer. */
  @FunctionalInterface
  private interface Daemon {
    void of(Ground ground, URI address, Consumer<String> said) throws Exception;
  }

  private static void naiveDaemon(Ground ground, URI address, Consumer<String> said)
      throws Exception {
    String answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(address.resolve("/version")).build(),
                BodyHandlers.ofString())
            .body();
    said.accept(answer.replace("\\u001b", "\u001b"));
  }

  private static void provider(Ground ground, URI address, Consumer<String> said) {
    try {
      ground.engine(
          DockerInstanceProvider.builder()
              .dockerHost(URI.create("tcp://127.0.0.1:" + address.getPort()))
              .callTimeout(Duration.ofSeconds(2))
              .build());
      throw new AssertionError("the daemon was taken for a good one");
    } catch (RuntimeException e) {
      for (Throwable t = e; t != null; t = t.getCause()) {
        said.accept(t.getMessage());
      }
    }
  }

  private static @Nullable String endlessDaemon(Ground ground, Daemon daemon) throws Exception {
    HttpServer server = ground.plainServer(8);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          try (OutputStream out = exchange.getResponseBody()) {
            out.write("{\"Version\":\"".getBytes(StandardCharsets.US_ASCII));
            while (true) {
              out.write("x".repeat(100).getBytes(StandardCharsets.US_ASCII));
              out.flush();
              Ground.pause(Duration.ofMillis(20));
            }
          } catch (InterruptedException e) {
            // The round is over.
          }
        });
    return endsWithin(
        () -> {
          daemon.of(ground, address(server), said -> {});
          return "";
        });
  }

  private static @Nullable String daemonEscapes(Ground ground, Daemon daemon) throws Exception {
    HttpServer server = ground.plainServer(8);
    byte[] body = ("{\"message\":\"no: " + ESCAPES + "\"}").getBytes(StandardCharsets.UTF_8);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(500, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    StringBuilder said = new StringBuilder();
    daemon.of(ground, address(server), said::append);
    if (said.indexOf("forged") < 0) {
      throw new AssertionError("the daemon's message did not come through: " + said);
    }
    return said.indexOf("\u001b") < 0 && said.indexOf("\u009b") < 0
        ? null
        : "escapes in what is said of it";
  }

  /** Something that should end in ten seconds. */
  private static @Nullable String endsWithin(java.util.concurrent.Callable<?> work)
      throws Exception {
    CompletableFuture<@Nullable Throwable> ended = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                work.call();
                ended.complete(null);
              } catch (Throwable e) {
                ended.complete(e);
              }
            });
    thread.start();
    try {
      Throwable error = ended.get(10, TimeUnit.SECONDS);
      if (error instanceof Error wrong) {
        throw wrong;
      }
      return null;
    } catch (TimeoutException e) {
      thread.interrupt();
      return "not over after ten seconds";
    }
  }
}
