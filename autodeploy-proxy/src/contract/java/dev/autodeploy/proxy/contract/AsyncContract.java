package dev.autodeploy.proxy.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.proxy.AsyncAnswers;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.spi.InstanceStartException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that cannot wait on a silent connection. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
public abstract class AsyncContract extends LinkContract {
  private static final String TOKEN = "caller-0123456789abcdef";
  private static final String OTHER = "other-0123456789abcdef";

  @TempDir Path directory;

  private TestLink link(TestInstance.App app, Consumer<LinkBuilder<?>> settings)
      throws IOException {
    return link(
        app,
        spec -> {},
        proxy -> {
          proxy.asyncAnswers(
              AsyncAnswers.builder()
                  .directory(directory)
                  .keptAliveInterval(Duration.ofMillis(200))
                  .build());
          settings.accept(proxy);
        });
  }

  static String post(String path, String body, String... fields) {
    return "POST "
        + path
        + " HTTP/1.1\r\nHost: localhost\r\n"
        + String.join("", List.of(fields).stream().map(field -> field + "\r\n").toList())
        + "Content-Length: "
        + body.length()
        + "\r\n\r\n"
        + body;
  }

  private static void echo(TestInstance.Request request, OutputStream out) throws IOException {
    String body = request.target + " " + request.body();
    TestInstance.write(
        out,
        "HTTP/1.1 201 Created\r\nX-Own: yes\r\nSet-Cookie: a=b\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body);
  }

  static RawClient.Response done(TestLink link, String ticket) throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    RawClient.Response response = link.get(ticket);
    while (response.status == 202 && System.nanoTime() < end) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
      response = link.get(ticket);
    }
    return response;
  }

  @Test
  void ticket_tellsWhatIsWaitedFor_andThenHasTheAnswer() throws Exception {
    try (TestLink link = link(AsyncContract::echo, proxy -> {})) {
      link.provider.gate = new CompletableFuture<>();
      RawClient.Response accepted =
          link.ask(post("/d/app/v1/x?y=1", "hello", "Prefer: respond-async"));
      assertThat(accepted.status).isEqualTo(202);
      assertThat(accepted.field("Preference-Applied")).isEqualTo("respond-async");
      assertThat(accepted.field("AutoDeploy-Ticket")).isEqualTo("pending");
      String ticket = accepted.field("Location");
      assertThat(ticket).matches("/-/tickets/[0-9a-f]{32}");
      Await.until("it starts", () -> !link.provider.starts.isEmpty());
      RawClient.Response pending = link.get(ticket);
      assertThat(pending.status).isEqualTo(202);
      assertThat(pending.field("Retry-After")).isNotNull();
      assertThat(pending.body)
          .contains("\"deployment\":\"app\"", "\"state\":\"starting\"", "\"waitedSeconds\":0");

      link.provider.gate.complete(null);
      RawClient.Response answer = done(link, ticket);
      assertThat(answer.status).isEqualTo(201);
      assertThat(answer.body).isEqualTo("/v1/x?y=1 hello");
      assertThat(answer.field("X-Own")).isEqualTo("yes");
      assertThat(answer.field("AutoDeploy-Ticket")).isEqualTo("done");
      assertThat(answer.field("Set-Cookie")).isNull();
      assertThat(link.instance().requests).hasSize(1);
      assertThat(link.instance().requests.get(0).field("Prefer")).isNull();

      assertThat(link.get(ticket + "?delete=true").body).isEqualTo("/v1/x?y=1 hello");
      assertThat(link.get(ticket).status).isEqualTo(404);
      assertThat(link.get(ticket).body).contains("ticket-not-found");
      link.awaitQuiet();
    }
  }

  @Test
  void ticketWithAWait_isTheAnswerItself_ifThatComesInTime() throws Exception {
    try (TestLink link = link(AsyncContract::echo, proxy -> {})) {
      link.provider.gate = new CompletableFuture<>();
      try (RawClient client = link.client()) {
        client.send(post("/d/app/v1/x", "hello", "Prefer: respond-async, wait=15"));
        Await.until("it starts", () -> !link.provider.starts.isEmpty());
        link.provider.gate.complete(null);
        RawClient.Response answer = client.response();
        assertThat(answer.status).isEqualTo(201);
        assertThat(answer.body).isEqualTo("/v1/x hello");
        assertThat(answer.field("Location")).isNull();
      }
    }
  }

  @Test
  void ticketWithAWait_isATicketOnceThatIsOver() throws Exception {
    try (TestLink link = link(AsyncContract::echo, proxy -> {})) {
      link.provider.gate = new CompletableFuture<>();
      long before = System.nanoTime();
      RawClient.Response accepted =
          link.ask(post("/d/app/v1/x", "hello", "Prefer: respond-async, wait=1"));
      assertThat(System.nanoTime() - before).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(990));
      assertThat(accepted.status).isEqualTo(202);
      assertThat(accepted.field("Preference-Applied")).isEqualTo("respond-async, wait=1");
      link.provider.gate.complete(null);
      assertThat(done(link, accepted.field("Location")).body).isEqualTo("/v1/x hello");
      assertThat(link.instance().requests).hasSize(1);
    }
  }

  @Test
  void ticket_isForItsCallerAlone() throws Exception {
    try (TestLink link =
        link(
            AsyncContract::echo,
            proxy -> proxy.bearerToken("app", TOKEN).bearerToken("app", OTHER))) {
      String mine = "Authorization: Bearer " + TOKEN;
      String ticket =
          link.ask(post("/d/app/", "x", "Prefer: respond-async", mine)).field("Location");
      for (String fields : List.of("", "Authorization: Bearer " + OTHER + "\r\n")) {
        String request = " " + ticket + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n";
        assertThat(link.ask("GET" + request).status).isEqualTo(404);
        assertThat(link.ask("DELETE" + request).status).isEqualTo(404);
      }
      String request = " " + ticket + " HTTP/1.1\r\nHost: localhost\r\n" + mine + "\r\n\r\n";
      Await.until("it is done", () -> ask(link, "GET" + request) == 201);
      assertThat(link.ask("DELETE" + request).status).isEqualTo(204);
      assertThat(link.ask("GET" + request).status).isEqualTo(404);
    }
  }

  private static int ask(TestLink link, String request) {
    try {
      return link.ask(request).status;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void deletedTicket_stopsItsRequest() throws Exception {
    try (TestLink link = link(AsyncContract::echo, proxy -> {})) {
      link.provider.gate = new CompletableFuture<>();
      String ticket = link.ask(post("/d/app/", "x", "Prefer: respond-async")).field("Location");
      Await.until("it waits", () -> link.app.status().pending() == 1);
      assertThat(link.ask("DELETE " + ticket + " HTTP/1.1\r\nHost: localhost\r\n\r\n").status)
          .isEqualTo(204);
      link.awaitQuiet();
      link.provider.gate.complete(null);
      assertThat(link.get(ticket).status).isEqualTo(404);
    }
  }

  @Test
  void longAnswer_isKeptInAFile_untilItIsDeleted() throws Exception {
    String body = "x".repeat(1_000_000);
    try (TestLink link = link(TestInstance.App.text(body), proxy -> {})) {
      String ticket = link.ask(post("/d/app/", "x", "Prefer: respond-async")).field("Location");
      assertThat(done(link, ticket).body).isEqualTo(body);
      assertThat(files()).isEqualTo(1);
      assertThat(link.get(ticket + "?delete=true").body).isEqualTo(body);
      Await.until("the file is gone", () -> files() == 0);
    }
  }

  private long files() {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(file -> file.getFileName().toString().contains("answer")).count();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static void events(TestInstance.Request request, OutputStream out) throws IOException {
    request.drain();
    TestInstance.write(
        out,
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n");
  }

  @Test
  void keptAliveStream_hasCommentsUntilTheEventsCome() throws Exception {
    try (TestLink link = link(AsyncContract::events, proxy -> {});
        RawClient client = link.client()) {
      link.provider.gate = new CompletableFuture<>();
      client.send(post("/d/app/", "{}", "Prefer: kept-alive"));
      RawClient.Response head = client.head();
      assertThat(head.status).isEqualTo(200);
      assertThat(head.field("Content-Type")).startsWith("text/event-stream");
      assertThat(chunk(client)).matches(": (starting, 0 s|waiting for an instance)\n\n");
      assertThat(chunk(client)).startsWith(": starting, 0 s");
      link.provider.gate.complete(null);
      StringBuilder events = new StringBuilder();
      for (String piece = chunk(client); !piece.isEmpty(); piece = chunk(client)) {
        events.append(piece.startsWith(":") ? "" : piece);
      }
      assertThat(events.toString()).isEqualTo("data: 1\n\ndata: 2\n\n");
      link.awaitQuiet();

      // The second start can be estimated.
      link.app.releaseNow().get(10, TimeUnit.SECONDS);
      link.provider.gate = new CompletableFuture<>();
      try (RawClient again = link.client()) {
        again.send(post("/d/app/", "{}", "Prefer: kept-alive=chat")).head();
        assertThat(chunk(again)).contains("\"delta\":{\"content\":\"\"}");
        link.provider.gate.complete(null);
        link.awaitQuiet();
      }
    }
  }

  /** Reads the bytes of a chunk; some servers send the line end behind them with the next one. */
  static String chunk(RawClient client) throws IOException {
    String size = client.line();
    if (size.isEmpty()) {
      size = client.line();
    }
    byte[] bytes = client.exactly(Integer.parseInt(size, 16));
    return new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
  }

  @Test
  void failedStart_isAnEventOfTheKeptAliveStream() throws Exception {
    try (TestLink link = link(AsyncContract::events, proxy -> {});
        RawClient client = link.client()) {
      link.provider.gate =
          CompletableFuture.failedFuture(new InstanceStartException("no such model"));
      client.send(post("/d/app/", "{}", "Prefer: kept-alive"));
      RawClient.Response response = client.response();
      assertThat(response.status).isEqualTo(200);
      assertThat(response.body).contains("event: error\ndata: {", "start-failed");
      link.awaitQuiet();
    }
  }

  @Test
  void keptAliveStream_endsTheConnectionOfAClientThatWantsThat() throws Exception {
    try (TestLink link = link(AsyncContract::events, proxy -> {});
        RawClient client = link.client()) {
      client.send(post("/d/app/", "{}", "Prefer: kept-alive", "Connection: close"));
      assertThat(client.response().status).isEqualTo(200);
      assertThat(client.read()).isEqualTo(-1);
    }
  }

  @Test
  void clientThatLeavesAKeptAliveStream_waitsNoLonger() throws Exception {
    try (TestLink link = link(AsyncContract::events, proxy -> {})) {
      link.provider.gate = new CompletableFuture<>();
      try (RawClient client = link.client()) {
        client.send(post("/d/app/", "{}", "Prefer: kept-alive")).head();
        Await.until("it waits", () -> link.app.status().pending() == 1);
      }
      link.awaitQuiet();
      link.provider.gate.complete(null);
    }
  }

  @Test
  void repetitionWithTheSameKey_joinsTheRequest_andLaterGetsItsAnswer() throws Exception {
    try (TestLink link = link(AsyncContract::echo, proxy -> {})) {
      link.provider.gate = new CompletableFuture<>();
      String request = post("/d/app/speech", "hello", "Idempotency-Key: k1");
      try (RawClient first = link.client();
          RawClient second = link.client()) {
        first.send(request);
        Await.until("it waits", () -> link.app.status().pending() == 1);
        second.send(request);
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        assertThat(link.app.status().pending()).isEqualTo(1);
        link.provider.gate.complete(null);
        assertThat(first.response().body).isEqualTo("/speech hello");
        assertThat(second.response().body).isEqualTo("/speech hello");
      }
      assertThat(link.ask(request).body).isEqualTo("/speech hello");
      assertThat(link.instance().requests).hasSize(1);

      assertThat(link.ask(post("/d/app/speech", "other", "Idempotency-Key: k1")).status)
          .isEqualTo(422);
      assertThat(link.ask(post("/d/app/speech", "hello", "Idempotency-Key: k2")).status)
          .isEqualTo(201);
      assertThat(link.instance().requests).hasSize(2);
    }
  }

  @Test
  void repetitionsAtTheSameTime_areOneRequest() throws Exception {
    int clients = 8;
    int keys = 30;
    try (TestLink link = link(AsyncContract::echo, proxy -> {}).warm()) {
      int before = link.instance().requests.size();
      CyclicBarrier together = new CyclicBarrier(clients);
      ExecutorService threads = Executors.newFixedThreadPool(clients);
      List<Future<String>> all = new ArrayList<>();
      for (int i = 0; i < clients; i++) {
        all.add(
            threads.submit(
                () -> {
                  StringBuilder answers = new StringBuilder();
                  try (RawClient client = link.client()) {
                    for (int key = 0; key < keys; key++) {
                      together.await();
                      client.send(post("/d/app/" + key, "x", "Idempotency-Key: k" + key));
                      answers.append(client.response().body).append('\n');
                    }
                  }
                  return answers.toString();
                }));
      }
      for (Future<String> one : all) {
        assertThat(one.get()).isEqualTo(all.get(0).get()).hasLineCount(keys);
      }
      threads.shutdown();
      assertThat(link.instance().requests).hasSize(before + keys);
    }
  }

  @Test
  void clientThatLeavesAndComesAgain_startsNoSecondSynthesis() throws Exception {
    try (TestLink link = link(AsyncContract::echo, proxy -> {})) {
      link.provider.gate = new CompletableFuture<>();
      String request = post("/d/app/speech", "hello", "Idempotency-Key: k1");
      try (RawClient first = link.client()) {
        first.send(request);
        Await.until("it waits", () -> link.app.status().pending() == 1);
      }
      link.provider.gate.complete(null);
      assertThat(link.ask(request).body).isEqualTo("/speech hello");
      assertThat(link.instance().requests).hasSize(1);
    }
  }

  @Test
  void failedAnswer_isNotKeptForTheNextTry() throws Exception {
    try (TestLink link = link(AsyncContract::echo, proxy -> {})) {
      link.provider.gate = CompletableFuture.failedFuture(new InstanceStartException("busy"));
      String request = post("/d/app/speech", "hello", "Idempotency-Key: k1");
      assertThat(link.ask(request).status).isEqualTo(503);
      link.provider.gate = CompletableFuture.completedFuture(null);
      Await.until("it is served", () -> ask(link, request) == 201);
    }
  }

  @Test
  void streamWithAKey_comesPieceByPiece() throws Exception {
    CompletableFuture<Void> rest = new CompletableFuture<>();
    TestInstance.App app =
        (request, out) -> {
          request.drain();
          TestInstance.write(
              out,
              "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                  + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
          rest.join();
          TestInstance.write(out, "1\r\nb\r\n0\r\n\r\n");
        };
    try (TestLink link = link(app, proxy -> {});
        RawClient client = link.client()) {
      client.send(post("/d/app/", "{\"stream\":true}", "Idempotency-Key: k1"));
      client.head();
      assertThat(chunk(client)).isEqualTo("a");
      rest.complete(null);
      assertThat(chunk(client)).isEqualTo("b");
    }
  }
}
