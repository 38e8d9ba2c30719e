package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import java.io.IOException;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
final class SocketUpstreamTest {
  private static final String GET = "GET /d/app/ HTTP/1.1\r\nHost: a\r\n\r\n";

  @Test
  void pathAndQuery_thatAGeneralClientWouldRewrite_passUnchanged() throws Exception {
    try (JdkLink link = new JdkLink(TestInstance.App.text("x")).warm()) {
      String[] targets = {
        "/a/../b/./c",
        "/a/%2e%2e/b",
        "/it's?q='x'",
        "/a//b///c",
        "/x?a=%zz".replace("%zz", "%7a"),
        "/caf\u00c3\u00a9?q=\u00c3\u00a9",
      };
      for (String target : targets) {
        assertThat(link.get("/d/app" + target).status).as(target).isEqualTo(200);
      }
      assertThat(link.instance().requests)
          .extracting(request -> request.target)
          .containsExactly(targets);
    }
  }

  @Test
  void bodyOfAGet_isForwarded() throws Exception {
    TestInstance.App echo =
        (request, out) -> TestInstance.App.text(request.body()).respond(request, out);
    try (JdkLink link = new JdkLink(echo).warm()) {
      assertThat(link.ask("GET /d/app/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nquery").body)
          .isEqualTo("query");
    }
  }

  @Test
  void connections_areKeptAndDroppedWithTheInstance() throws Exception {
    try (JdkLink link = new JdkLink(TestInstance.App.text("x")).warm()) {
      for (int i = 0; i < 10; i++) {
        link.get("/d/app/");
      }
      assertThat(link.instance().openConnections()).isEqualTo(1);
      assertThat(link.jdkProxy.gateway().instances()).isEqualTo(1);

      link.app.release().join();

      Await.until("the pool is gone", () -> link.jdkProxy.gateway().instances() == 0);
    }
  }

  @Test
  void connectionThatTheInstanceClosed_isNotUsedAgain() throws Exception {
    AtomicInteger served = new AtomicInteger();
    TestInstance.App onceEach =
        (request, out) -> {
          served.incrementAndGet();
          TestInstance.App.text("x").respond(request, out);
          request.socket.close(); // without having said so
        };
    try (JdkLink link = new JdkLink(onceEach).warm()) {
      for (int i = 1; i <= 20; i++) {
        assertThat(link.get("/d/app/").status).isEqualTo(200);
        assertThat(served).hasValue(i);
      }
      link.awaitQuiet();
    }
  }

  @Test
  void connectionOnWhichMoreCameThanWasAsked_isNotUsedAgain() throws Exception {
    String twice =
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"
            + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen";
    try (JdkLink link = new JdkLink(TestInstance.App.raw(twice)).warm()) {
      for (int i = 0; i < 10; i++) {
        assertThat(link.get("/d/app/").body).isEqualTo("first");
      }
    }
  }

  @Test
  void instanceThatTakesNoConnection_is502() throws Exception {
    try (JdkLink link = new JdkLink(TestInstance.App.text("x")).warm()) {
      link.instance().close();
      int taken = link.instance().endpoint().getPort();
      try (ServerSocket none = new ServerSocket(0)) {
        assertThat(none.getLocalPort()).isNotEqualTo(taken);
      }
      RawClient.Response response =
          link.ask("POST /d/app/ HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
      assertThat(response.status).isEqualTo(502);
      assertThat(response.body).contains("it refuses connections").doesNotContain("127.0.0.1");
      link.awaitQuiet();
    }
  }

  @Test
  void answerBeforeTheBodyWasRead_reachesTheClient() throws Exception {
    TestInstance.App early =
        (request, out) -> {
          TestInstance.write(
              out, "HTTP/1.1 403 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
          request.socket.shutdownOutput();
          request.drain();
        };
    try (JdkLink link = new JdkLink(early).warm();
        RawClient client = link.client()) {
      client.send("POST /d/app/ HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\n\r\n");
      client.send("x".repeat(3000));
      assertThat(client.response().body).isEqualTo("no");
      link.awaitQuiet();
    }
  }

  @Test
  void tenThousandSmallRequests_leaveNothingBehind() throws Exception {
    try (JdkLink link = new JdkLink(TestInstance.App.text("x")).warm()) {
      List<RawClient> clients = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        clients.add(link.client());
      }
      for (int round = 0; round < 200; round++) {
        for (RawClient client : clients) {
          client.send(GET);
        }
        for (RawClient client : clients) {
          assertThat(client.response().body).isEqualTo("x");
        }
      }
      for (RawClient client : clients) {
        client.close();
      }
      link.awaitQuiet();
      assertThat(link.instance().openConnections()).isLessThanOrEqualTo(50);
      assertThat(link.instance().requests).hasSize(10_000);
    } catch (IOException e) {
      throw new AssertionError("no connection may break", e);
    }
  }
}
