package dev.autodeploy.proxy.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.DeploymentState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
public abstract class HeldRequestsContract extends LinkContract {
  protected static final String GET = "GET /d/app/ HTTP/1.1\r\nHost: a\r\n\r\n";

  private static final Executor THREADS = task -> new Thread(task, "caller").start();

  /** A link whose instance starts when the test says so. */
  private TestLink held() throws Exception {
    TestLink link = link(TestInstance.App.text("hello"));
    link.provider.gate = new CompletableFuture<>();
    return link;
  }

  protected static List<RawClient> send(TestLink link, int number, String request)
      throws Exception {
    List<RawClient> clients = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      clients.add(link.client().send(request));
    }
    return clients;
  }

  @Test
  void fiveHundredRequests_onStandby_shareOneStartAndAreAllAnswered() throws Exception {
    try (TestLink link = held()) {
      List<RawClient> clients = send(link, 500, GET);
      link.awaitHeld(500);
      long threads =
          Thread.getAllStackTraces().keySet().stream()
              .filter(thread -> thread.getName().startsWith("autodeploy-proxy"))
              .count();

      link.provider.gate.complete(null);

      for (RawClient client : clients) {
        RawClient.Response response = client.response();
        assertThat(response.status).isEqualTo(200);
        assertThat(response.body).isEqualTo("hello");
        assertThat(response.field("AutoDeploy-Cold-Start")).isEqualTo("true");
        assertThat(response.field("Connection")).isNotEqualTo("close");
        if (client == clients.get(0)) {
          // Of the others some have been idle for longer than servers keep a connection.
          assertThat(client.send(GET).response().status).isEqualTo(200);
        }
      }
      assertThat(link.provider.starts).hasSize(1);
      assertThat(threads).as("platform threads of the proxy while all are held").isLessThan(50);
      link.awaitQuiet();
      for (RawClient client : clients) {
        client.close();
      }
    }
  }

  @Test
  void heldBody_ofUnknownLength_passesWhenThereIsAnInstance() throws Exception {
    TestInstance.App echo =
        (request, out) -> TestInstance.App.text(request.body()).respond(request, out);
    try (TestLink link = link(echo);
        RawClient client = link.client()) {
      link.provider.gate = new CompletableFuture<>();
      client.send(
          "POST /d/app/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
      link.awaitHeld(1);
      link.provider.gate.complete(null);
      client.send("2\r\ncd\r\n0\r\n\r\n");

      assertThat(client.response().body).isEqualTo("abcd");
    }
  }

  @Test
  void preferWait_isTheDeadline() throws Exception {
    try (TestLink link = held()) {
      RawClient.Response response =
          link.ask("GET /d/app/ HTTP/1.1\r\nHost: a\r\nPrefer: handling=lenient, wait=1\r\n\r\n");

      assertThat(response.status).isEqualTo(504);
      assertThat(response.body)
          .contains("\"type\":\"https://autodeploy.dev/problems/acquire-timeout\"");
      assertThat(response.field("Retry-After")).isNotNull();
      link.awaitQuiet();
    }
  }

  @Test
  void preferWait_isRepeatedInTheAnswer() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x")).warm()) {
      RawClient.Response response =
          link.ask("GET /d/app/ HTTP/1.1\r\nHost: a\r\nPrefer: wait=0\r\n\r\n");
      assertThat(response.status).isEqualTo(200);
      assertThat(response.field("Preference-Applied")).isEqualTo("wait=0");
      response = link.ask("GET /d/app/ HTTP/1.1\r\nHost: a\r\nPrefer: wait=9999999\r\n\r\n");
      assertThat(response.field("Preference-Applied")).isEqualTo("wait=600");
    }
  }

  @Test
  void fullQueueOfTheDeployment_answers429() throws Exception {
    try (TestLink link =
        link(TestInstance.App.text("x"), spec -> spec.maxPending(2), proxy -> {})) {
      link.provider.gate = new CompletableFuture<>();
      List<RawClient> clients = send(link, 2, GET);
      link.awaitHeld(2);

      RawClient.Response response = link.get("/d/app/");

      assertThat(response.status).isEqualTo(429);
      assertThat(response.body).contains("queue-full").contains("\"deployment\":\"app\"");
      assertThat(response.field("Retry-After")).isEqualTo("1");
      link.provider.gate.complete(null);
      for (RawClient client : clients) {
        assertThat(client.response().status).isEqualTo(200);
        client.close();
      }
    }
  }

  @Test
  void fullQueueOfTheProxy_answers429() throws Exception {
    try (TestLink link =
        link(TestInstance.App.text("x"), spec -> {}, proxy -> proxy.maxPendingTotal(2))) {
      link.provider.gate = new CompletableFuture<>();
      List<RawClient> clients = send(link, 2, GET);
      link.awaitHeld(2);

      RawClient.Response response = link.get("/d/app/");

      assertThat(response.status).isEqualTo(429);
      assertThat(response.body).contains("\"limit\":2");
      Await.until("the third place is given back", () -> link.app.status().pending() == 2);
      link.provider.gate.complete(null);
      for (RawClient client : clients) {
        assertThat(client.response().status).isEqualTo(200);
        client.close();
      }
      link.awaitQuiet();
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void clientThatHasLeft_givesUpItsPlace() throws Exception {
    try (TestLink link = held()) {
      List<RawClient> clients = send(link, 20, GET);
      link.awaitHeld(20);

      for (int i = 0; i < 10; i++) {
        clients.get(i).close();
      }
      for (int i = 10; i < 19; i++) {
        clients.get(i).reset();
      }

      link.awaitHeld(1);
      Await.until("the engine knows", () -> link.app.status().pending() == 1);
      link.provider.gate.complete(null);
      assertThat(clients.get(19).response().status).isEqualTo(200);
      link.awaitQuiet();
      assertThat(link.instance().requests).hasSize(1);
      clients.get(19).close();
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void clientThatHasLeft_beforeTheInstanceAnswered_cancelsTheUpstreamCall() throws Exception {
    TestInstance.App never =
        (request, out) -> {
          if (request.socket.getInputStream().read() < 0) { // until the proxy hangs up
            throw new java.io.IOException("hung up");
          }
        };
    try (TestLink link = link(never).warm()) {
      RawClient client = link.client().send(GET);
      Await.until("it is sent", () -> link.instance().requests.size() == 1);
      assertThat(link.app.status().inFlight()).isEqualTo(1);

      client.close();

      link.awaitQuiet();
      Await.until("the upstream is closed", () -> link.instance().openConnections() == 0);
    }
  }

  @Test
  void shutdown_answersThoseThatAreHeldAndFinishesTheOthers() throws Exception {
    CompletableFuture<Void> finish = new CompletableFuture<>();
    TestInstance.App slow =
        (request, out) -> {
          finish.join();
          TestInstance.App.text("done").respond(request, out);
        };
    try (TestLink link = link(slow, spec -> spec.concurrency(1), proxy -> {}).warm()) {
      RawClient served = link.client().send(GET);
      Await.until("it is served", () -> link.app.status().inFlight() == 1);
      RawClient held = link.client().send(GET);
      link.awaitHeld(1);

      CompletableFuture<Void> closing = CompletableFuture.runAsync(link.proxy::close);
      RawClient.Response refused = held.response();
      assertThat(refused.status).isEqualTo(503);
      assertThat(refused.body).contains("shutting-down");
      finish.complete(null);
      assertThat(served.response().body).isEqualTo("done");
      closing.join();

      assertThat(link.app.status().inFlight()).isZero();
      assertThat(link.app.status().state()).isEqualTo(DeploymentState.RUNNING);
      served.close();
      held.close();
    }
  }

  @Test
  void shutdown_underLoad_answersWhatComesOnOpenConnections() throws Exception {
    try (TestLink link = link(TestInstance.App.text("hello")).warm()) {
      AtomicInteger answered = new AtomicInteger();
      List<CompletableFuture<Void>> callers = new ArrayList<>();
      for (RawClient client : send(link, 16, "")) {
        callers.add(CompletableFuture.runAsync(() -> callUntilRefused(client, answered), THREADS));
      }
      while (answered.get() < 200) {
        TimeUnit.MILLISECONDS.sleep(5);
      }

      link.proxy.close();

      CompletableFuture.allOf(callers.toArray(CompletableFuture[]::new)).get(20, TimeUnit.SECONDS);
    }
  }

  /** Sends request after request on one connection, as long as more may follow. */
  private static void callUntilRefused(RawClient client, AtomicInteger answered) {
    try (client) {
      RawClient.Response response;
      do {
        response = client.send(GET).response(); // throws where it is cut
        answered.incrementAndGet();
      } while (response.status == 200 && !"close".equals(response.field("Connection")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void shutdown_breaksOffWhatTakesTooLong() throws Exception {
    TestInstance.App endless =
        (request, out) -> {
          TestInstance.write(out, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
          request.socket.getInputStream().read();
        };
    try (TestLink link =
        link(endless, spec -> {}, proxy -> proxy.drainTimeout(java.time.Duration.ofMillis(50)))
            .warm()) {
      RawClient client = link.client().send(GET);
      client.head();
      client.exactly(3);

      link.proxy.close();

      assertThat(client.read()).isEqualTo(-1);
      assertThat(link.app.status().inFlight()).isZero();
      client.close();
    }
  }
}
