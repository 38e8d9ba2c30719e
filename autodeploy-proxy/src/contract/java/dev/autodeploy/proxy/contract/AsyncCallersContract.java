package dev.autodeploy.proxy.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.proxy.AsyncAnswers;
import dev.autodeploy.proxy.ModelRouter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Clients that cannot wait on a silent connection, where they are many, slow or strange. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
public abstract class AsyncCallersContract extends LinkContract {

  private static TestInstance.App drained(String text) {
    return (request, out) -> {
      request.drain();
      TestInstance.App.text(text).respond(request, out);
    };
  }

  @Test
  void bodiesReadAhead_areGivenBack_whateverBecomesOfTheRequest() throws Exception {
    String large = "x".repeat(12_000_000);
    String other = "y".repeat(12_000_000);
    String key = "Idempotency-Key: k1";
    try (TestLink link = link(drained("well"))) {
      for (int i = 0; i < 6; i++) {
        RawClient.Response accepted =
            link.ask(AsyncContract.post("/d/app/", large, "Prefer: respond-async"));
        assertThat(accepted.status).isEqualTo(202);
        assertThat(AsyncContract.done(link, accepted.field("Location")).body).isEqualTo("well");
      }
      assertThat(link.ask(AsyncContract.post("/d/app/", large, key)).status).isEqualTo(200);
      for (int i = 0; i < 6; i++) {
        assertThat(link.ask(AsyncContract.post("/d/app/", large, key)).status).isEqualTo(200);
        assertThat(link.ask(AsyncContract.post("/d/app/", other, key)).status).isEqualTo(422);
      }
      link.warm();
      for (int i = 0; i < 6; i++) {
        String stream = AsyncContract.post("/d/app/", large, "Prefer: kept-alive");
        assertThat(link.ask(stream).body).endsWith("data: well\n\n");
      }
      String ticket = AsyncContract.post("/d/app/", "x".repeat(1 << 20), "Prefer: respond-async");
      assertThat(link.ask(ticket).status).isEqualTo(202);
    }
  }

  @Test
  void callerWithManyLargeBodies_leavesRoomForThoseOfOthers() throws Exception {
    String greedy = "Authorization: Bearer greedy-0123456789abcdef";
    String other = "Authorization: Bearer other-0123456789abcdef";
    String large = "x".repeat(15_000_000);
    try (TestLink link =
        link(
            drained("well"),
            spec -> {},
            proxy ->
                proxy
                    .bearerToken("app", "greedy-0123456789abcdef")
                    .bearerToken("app", "other-0123456789abcdef"))) {
      link.provider.gate = new CompletableFuture<>();
      int status = 202;
      for (int i = 0; i < 12 && status == 202; i++) {
        String ticket = AsyncContract.post("/d/app/", large, "Prefer: respond-async", greedy);
        status = link.ask(ticket).status;
      }
      assertThat(status).isEqualTo(429);
      String ticket = AsyncContract.post("/d/app/", large, "Prefer: respond-async", other);
      assertThat(link.ask(ticket).status).isEqualTo(202);
      link.provider.gate.complete(null);
      link.awaitQuiet();
    }
  }

  @Test
  void unfinishedBodiesOfOne_thatTakeAllMemoryForBodies_stopNoOther() throws Exception {
    String most = "x".repeat(16 * 1024 * 1024 - 1);
    String unfinished =
        "POST /d/app/ HTTP/1.1\r\nHost: localhost\r\nPrefer: respond-async\r\nContent-Length: "
            + (most.length() + 1)
            + "\r\n\r\n";
    List<RawClient> greedy = new ArrayList<>();
    try (TestLink link =
        link(
            drained("well"),
            spec -> {},
            proxy -> proxy.models(ModelRouter.builder().models("gpt", "app").build()))) {
      for (int i = 0; i < 4; i++) {
        greedy.add(link.client().send(unfinished + most));
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(500)); // until all of it has been read

      String ticket = AsyncContract.post("/d/app/", "x".repeat(4000), "Prefer: respond-async");
      assertThat(link.ask(ticket).status).isEqualTo(202);
      String body = "{\"model\": \"gpt\", \"messages\": []}";
      try (RawClient client = link.client()) {
        client.send(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                + body.length()
                + "\r\n\r\n");
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100)); // as many clients send it apart
        assertThat(client.send(body).response().body).isEqualTo("well");
      }
    } finally {
      for (RawClient client : greedy) {
        client.close();
      }
    }
  }

  @Test
  void sameKeyOfAnotherCaller_getsNoAnswerButItsOwn() throws Exception {
    TestInstance.App app =
        (request, out) -> {
          request.drain();
          String who = request.field("X-Api-Key") + request.field("Cookie");
          TestInstance.App.text(who + request.field("Authorization")).respond(request, out);
        };
    try (TestLink link = link(app)) {
      for (String field :
          List.of(
              "X-Api-Key: alice",
              "X-Api-Key: bob",
              "Cookie: session=alice",
              "Cookie: session=bob",
              "Authorization: Bearer alice",
              "Authorization: Bearer bob")) {
        String request = AsyncContract.post("/d/app/", "hello", "Idempotency-Key: k1", field);
        String value = field.substring(field.indexOf(' ') + 1);
        assertThat(link.ask(request).body).contains(value);
        assertThat(link.ask(request).body).contains(value);
      }
      assertThat(link.instance().requests).hasSize(6);
    }
  }

  /** As an application with a tenant for each host has different answers. */
  @Test
  void sameKeyUnderAnotherAddress_getsNoAnswerButItsOwn() throws Exception {
    TestInstance.App tenants =
        (request, out) -> {
          request.drain();
          String host = request.field("X-Forwarded-Host");
          TestInstance.App.text("for " + host).respond(request, out);
        };
    String token = "Authorization: Bearer all-0123456789abcdef";
    try (TestLink link =
        link(
            tenants,
            spec -> {},
            proxy ->
                proxy.bearerToken("app", "all-0123456789abcdef").trustForwardedHeaders(true))) {
      String request = AsyncContract.post("/d/app/", "hello", "Idempotency-Key: k1", token);
      for (int i = 0; i < 2; i++) {
        for (String host : List.of("a.example", "b.example")) {
          String named = request.replace("Host: localhost", "Host: " + host);
          assertThat(link.ask(named).body).isEqualTo("for " + host);
          for (String field : List.of("X-Forwarded-Host: x", "Forwarded: host=y")) {
            String forwarded = request.replace("Host: localhost", "Host: proxy\r\n" + field + host);
            assertThat(link.ask(forwarded).body)
                .isEqualTo("for " + (field.endsWith("x") ? "x" : "y") + host);
          }
        }
      }
      assertThat(link.instance().requests).as("each address once").hasSize(6);
    }
  }

  private static void endless(TestInstance.Request request, OutputStream out) throws IOException {
    request.drain();
    if (request.target.equals("/well")) {
      TestInstance.App.text("well").respond(request, out);
      return;
    }
    TestInstance.write(
        out, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
    String events = "data: 1\n\n".repeat(8192);
    for (int i = 0; i < 2000; i++) {
      TestInstance.write(out, events);
    }
  }

  @Test
  void slowClientOfAKeptAliveStream_isCut_andItsInstanceIsNotReplaced() throws Exception {
    try (TestLink link =
            link(
                AsyncCallersContract::endless,
                spec -> spec.maxRequestTime(Duration.ofSeconds(1)),
                proxy -> {});
        RawClient client = link.client()) {
      link.warm();
      client.send(AsyncContract.post("/d/app/", "{}", "Prefer: kept-alive"));
      assertThat(client.head().status).isEqualTo(200);
      Await.until("it is under way", () -> link.app.status().inFlight() == 1);
      link.awaitQuiet();
      assertThat(link.get("/d/app/well").body).isEqualTo("well");
      assertThat(link.provider.starts).hasSize(1);
    }
  }

  @Test
  void answerThatDidNotReachItsClient_isStillThere() throws Exception {
    String body = "x".repeat(30_000_000);
    try (TestLink link = link(drained(body))) {
      String ticket =
          link.ask(AsyncContract.post("/d/app/", "x", "Prefer: respond-async")).field("Location");
      assertThat(AsyncContract.done(link, ticket).body).hasSize(body.length());
      try (RawClient client = link.client()) {
        client.send("GET " + ticket + "?delete=true HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assertThat(client.head().field("Content-Length")).isEqualTo("30000000");
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300)); // takes nothing of it
        client.reset();
      }
      Await.until("it is put back", () -> status(link, ticket) == 200);
      assertThat(link.get(ticket + "?delete=true").body).isEqualTo(body);
      assertThat(status(link, ticket)).isEqualTo(404);
    }
  }

  private static int status(TestLink link, String ticket) {
    try {
      return link.ask("HEAD " + ticket + " HTTP/1.1\r\nHost: localhost\r\n\r\n").status;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void longAnswerForAKey_reachesAllWhoWaitForIt() throws Exception {
    String body = "x".repeat(3_000_000);
    String request = AsyncContract.post("/d/app/", "hello", "Idempotency-Key: k1");
    try (TestLink link = link(drained(body))) {
      assertThat(link.ask(request).body).isEqualTo(body);
      assertThat(link.ask(request).body).isEqualTo(body);
      assertThat(link.instance().requests).hasSize(1);
      link.awaitQuiet();
    }
  }

  @Test
  void headWithAPreferenceForAStream_isAnsweredAsAnyOther() throws Exception {
    try (TestLink link = link(TestInstance.App.text("well"))) {
      String head = "HEAD /d/app/ HTTP/1.1\r\nHost: localhost\r\nPrefer: kept-alive\r\n\r\n";
      RawClient.Response response = link.ask(head);
      assertThat(response.field("Preference-Applied")).isNull();
      assertThat(response.field("Content-Length")).isEqualTo("4");
      link.awaitQuiet();
    }
  }

  @Test
  void longAnswerThatIsNoStream_endsAKeptAliveStreamWithAnError() throws Exception {
    try (TestLink link = link(drained("x".repeat(200_000)))) {
      RawClient.Response response =
          link.ask(AsyncContract.post("/d/app/", "{}", "Prefer: kept-alive"));
      assertThat(response.body).contains("event: error\ndata: {", "kept-alive");
      assertThat(response.body).doesNotContain("xxx");
      link.awaitQuiet();
    }
  }

  @Test
  void keptAliveStream_isNotCompressed() throws Exception {
    TestInstance.App app =
        (request, out) -> {
          request.drain();
          TestInstance.write(
              out,
              "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n"
                  + "Content-Length: 4\r\n\r\nzzzz");
        };
    try (TestLink link =
        link(app, spec -> {}, proxy -> proxy.asyncAnswers(AsyncAnswers.builder().build()))) {
      String request =
          AsyncContract.post("/d/app/", "{}", "Prefer: kept-alive", "Accept-Encoding: gzip");
      RawClient.Response response = link.ask(request);
      assertThat(link.instance().requests.get(0).field("Accept-Encoding")).isIn(null, "identity");
      assertThat(response.body).contains("event: error\ndata: {").doesNotContain("zzzz");
      link.awaitQuiet();
    }
  }

  private static @Nullable RawClient answered(List<RawClient> clients) {
    for (RawClient client : clients) {
      try {
        if (client.socket.getInputStream().available() > 0) {
          return client;
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return null;
  }

  @Test
  void waitersForOneKey_areLimited() throws Exception {
    String request = AsyncContract.post("/d/app/", "hello", "Idempotency-Key: k1");
    List<RawClient> clients = new ArrayList<>();
    try (TestLink link = link(drained("well"))) {
      link.provider.gate = new CompletableFuture<>();
      try {
        clients.add(link.client().send(request));
        Await.until("it waits", () -> link.app.status().pending() == 1);
        for (int i = 0; i < 257; i++) { // one too many
          clients.add(link.client().send(request));
        }
        Await.until("one is refused", () -> answered(clients) != null);
        RawClient first = answered(clients);
        RawClient.Response refused = first.response();
        assertThat(refused.status).isEqualTo(429);
        assertThat(refused.body).contains("Idempotency-Key");
        link.provider.gate.complete(null);
        for (RawClient client : clients) {
          assertThat(client == first || client.response().body.equals("well")).isTrue();
        }
      } finally {
        for (RawClient client : clients) {
          client.close();
        }
      }
    }
  }

  @Test
  void lostTicketOnAHostOfItsOwn_startsNoInstance() throws Exception {
    try (TestLink link =
        link(
            TestInstance.App.text("well"), spec -> {}, proxy -> proxy.hostSuffix("link.example"))) {
      String host = " HTTP/1.1\r\nHost: app.link.example\r\n\r\n";
      RawClient.Response lost = link.ask("GET /-/tickets/" + "0a".repeat(16) + host);
      assertThat(lost.status).isEqualTo(404);
      assertThat(lost.body).contains("ticket-not-found");
      assertThat(link.provider.starts).isEmpty();
      assertThat(link.ask("GET /-/tickets/mine" + host).body).isEqualTo("well");
    }
  }
}
