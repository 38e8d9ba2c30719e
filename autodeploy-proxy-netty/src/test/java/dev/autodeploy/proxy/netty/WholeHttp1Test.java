package dev.autodeploy.proxy.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.LinkContract;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.TestLink;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The parts of HTTP/1.1 that only this front carries, and its limits of connections. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
final class WholeHttp1Test extends LinkContract {
  private static final String GET = "GET /d/app/ HTTP/1.1\r\nHost: a\r\n\r\n";
  private static final String UPGRADE =
      "GET /d/app/ HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
  private static final String SWITCHED =
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  @Override
  protected NettyHttpProxy.Builder front(AutoDeploy engine) {
    return NettyFront.of(engine);
  }

  private static TestLink link(
      TestInstance.App app, java.util.function.Consumer<NettyHttpProxy.Builder> settings)
      throws IOException {
    return new TestLink(
        app,
        spec -> {},
        engine -> {
          NettyHttpProxy.Builder builder = NettyFront.of(engine);
          settings.accept(builder);
          return builder;
        });
  }

  @Test
  void earlyHints_comeBeforeTheResponse() throws Exception {
    CompletableFuture<Void> hinted = new CompletableFuture<>();
    TestInstance.App app =
        (request, out) -> {
          TestInstance.write(
              out,
              "HTTP/1.1 100 Continue\r\n\r\n"
                  + "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nAutoDeploy-Instance: x\r\n\r\n"
                  + "HTTP/1.1 102 Processing\r\n\r\n");
          hinted.join();
          TestInstance.write(out, OK);
        };
    try (TestLink link = link(app).warm();
        RawClient client = link.client()) {
      client.send(GET);
      RawClient.Response hints = client.head();
      assertThat(hints.status).isEqualTo(103);
      assertThat(hints.field("Link")).isEqualTo("</d/app/a.css>");
      assertThat(hints.field("AutoDeploy-Instance")).isNull();
      assertThat(client.head().status).isEqualTo(102);
      hinted.complete(null);
      assertThat(client.response().body).isEqualTo("ok");

      String http10 = link.ask("GET /d/app/ HTTP/1.0\r\nHost: a\r\n\r\n").toString();
      assertThat(http10).startsWith("200").contains("ok");
      link.awaitQuiet();
    }
  }

  @Test
  void interimResponsesWithoutEnd_are502() throws Exception {
    TestInstance.App app = TestInstance.App.raw("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(50) + OK);
    try (TestLink link = link(app).warm()) {
      assertThat(link.get("/d/app/").status).isEqualTo(502);
      link.awaitQuiet();
    }
  }

  @Test
  void trailers_passBothWays_butThoseOfTheLink() throws Exception {
    List<String> got = new ArrayList<>();
    TestInstance.App app =
        (request, out) -> {
          got.addAll(request.head);
          got.addAll(afterChunks(request));
          TestInstance.write(
              out,
              "HTTP/1.1 200 OK\r\n"
                  + "Transfer-Encoding: chunked\r\n"
                  + "Trailer: Digest\r\n\r\n"
                  + "2\r\n"
                  + "ok\r\n"
                  + "0\r\n"
                  + "Digest: abc\r\n"
                  + "Set-Cookie: a=b\r\n"
                  + "AutoDeploy-Instance: x\r\n\r\n");
          throw new IOException("done");
        };
    try (TestLink link = link(app).warm();
        RawClient client = link.client()) {
      client.send(
          "POST /d/app/ HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTrailer: Sum\r\n"
              + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"
              + "Sum: 7\r\nAuthorization: x\r\nX-Forwarded-For: y\r\n\r\n");
      RawClient.Response head = client.head();
      assertThat(head.field("Trailer")).isEqualTo("Digest");
      assertThat(new String(client.exactly(10), ISO_8859_1)).isEqualTo("2\r\nok\r\n0\r\n");
      assertThat(client.line()).isEqualTo("Digest: abc");
      assertThat(client.line()).isEmpty();
      assertThat(got).contains("Trailer: Sum", "TE: trailers", "Connection: TE", "Sum: 7");
      assertThat(got).noneMatch(field -> field.startsWith("Authorization"));
      assertThat(got).noneMatch(field -> field.endsWith(" y"));
      link.awaitQuiet();
    }
  }

  /** Reads a body in chunks of one digit from the socket, and returns the fields behind it. */
  private static List<String> afterChunks(TestInstance.Request request) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    while (!all.toString(ISO_8859_1).endsWith("\r\n\r\n")) {
      all.write(request.read());
    }
    String text = all.toString(ISO_8859_1);
    return List.of(text.substring(text.indexOf("0\r\n") + 3).split("\r\n"));
  }

  @Test
  void expectedContinue_comesWhenThereIsAnInstance_andOnce() throws Exception {
    TestInstance.App app =
        (request, out) -> {
          TestInstance.write(out, "HTTP/1.1 100 Continue\r\n\r\n");
          request.drain();
          TestInstance.write(out, OK);
        };
    try (TestLink link = link(app)) {
      link.provider.gate = new CompletableFuture<>();
      try (RawClient client = link.client()) {
        client.send(
            "POST /d/app/ HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                + "Content-Length: 100000\r\n\r\n");
        link.awaitHeld(1);
        client.socket.setSoTimeout(200);
        org.assertj.core.api.Assertions.assertThatThrownBy(client::read)
            .isInstanceOf(java.net.SocketTimeoutException.class);
        client.socket.setSoTimeout(20_000);
        link.provider.gate.complete(null);
        assertThat(client.head().status).isEqualTo(100);
        client.send("x".repeat(100_000));
        assertThat(client.head().status).isEqualTo(200);
        assertThat(link.instance().requests.get(0).field("Expect")).isNull();
      }
      link.awaitQuiet();
    }
  }

  @Test
  void heldConnection_letsItsDecoderGo_untilMoreComes() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x"), proxy -> {});
        RawClient client = link.client()) {
      link.provider.gate = new CompletableFuture<>();
      client.send(GET);
      link.awaitHeld(1);
      Await.until("the decoder is gone", () -> decoders(link) == 0);
      client.send(GET.substring(0, 10));
      Await.until("it is back", () -> decoders(link) == 1);
      client.send(GET.substring(10) + GET);
      link.provider.gate.complete(null);
      for (int i = 0; i < 3; i++) {
        assertThat(client.response().body).isEqualTo("x");
      }
      link.awaitQuiet();
    }
  }

  private static long decoders(TestLink link) {
    return ((NettyHttpProxy) link.proxy)
        .front().channels().stream()
            .filter(channel -> channel.pipeline().get(StrictRequestDecoder.class) != null)
            .count();
  }

  @Test
  void closing_tellsAClientBetweenTwoRequests_andEndsIdleOnesWithoutAReset() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x"), proxy -> {}).warm();
        RawClient idle = link.client();
        RawClient client = link.client()) {
      assertThat(idle.send(GET).response().status).isEqualTo(200);
      Thread.sleep(600);
      assertThat(client.send(GET).response().status).isEqualTo(200);
      CompletableFuture<Void> closing = CompletableFuture.runAsync(link.proxy::close);
      Thread.sleep(150); // no request is under way
      RawClient.Response last = client.send(GET).response();
      assertThat(last.status).isEqualTo(503);
      assertThat(last.field("Connection")).isEqualTo("close");
      assertThat(idle.read()).isEqualTo(-1);
      idle.send(GET); // which crossed the end
      assertThat(idle.read()).isEqualTo(-1);
      closing.get();
    }
  }

  @Test
  void silentTunnel_isClosed_butNotOneThatSaysSomething() throws Exception {
    TestInstance.App app =
        (request, out) -> {
          TestInstance.write(out, SWITCHED);
          request.socket.getInputStream().transferTo(OutputStream.nullOutputStream());
          throw new IOException("done");
        };
    try (TestLink link = link(app, proxy -> proxy.tunnelSilence(Duration.ofMillis(600))).warm();
        RawClient silent = link.client();
        RawClient alive = link.client()) {
      assertThat(silent.send(UPGRADE).head().status).isEqualTo(101);
      assertThat(alive.send(UPGRADE).head().status).isEqualTo(101);
      CompletableFuture<Integer> ended = CompletableFuture.supplyAsync(() -> end(silent));
      while (!ended.isDone()) {
        alive.send("p");
        Thread.sleep(50);
      }
      assertThat(ended.get()).isEqualTo(-1);
      assertThat(link.app.status().inFlight()).isEqualTo(1);
      Await.until("it is silent in the end", () -> link.app.status().inFlight() == 0);
      link.awaitQuiet();
    }
  }

  private static int end(RawClient client) {
    try {
      return client.read();
    } catch (IOException e) {
      return -1;
    }
  }

  @Test
  void idleConnections_beyondTheirLimit_areClosedOldestFirst() throws Exception {
    try (TestLink link =
        link(TestInstance.App.text("x"), proxy -> proxy.maxIdleConnections(4)).warm()) {
      List<RawClient> clients = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        clients.add(link.client().send(GET));
        assertThat(clients.get(i).response().status).isEqualTo(200);
      }
      WaitingClients idle = ((NettyHttpProxy) link.proxy).front().idle();
      Await.until("room is made", () -> idle.size() == 4);
      assertThat(clients.get(0).read()).isEqualTo(-1);
      assertThat(clients.get(11).send(GET).response().status).isEqualTo(200);
      for (RawClient client : clients) {
        client.close();
      }
      Await.until("they are forgotten", () -> idle.size() == 0);
    }
  }

  @Test
  void bodiesOfHeldRequests_areBoundedInAll() throws Exception {
    TestInstance.App app =
        (request, out) -> {
          request.drain();
          TestInstance.write(out, OK);
        };
    int body = 200_000;
    try (TestLink link = link(app, proxy -> proxy.readAheadBytes(1 << 20))) {
      link.provider.gate = new CompletableFuture<>();
      ReadAhead readAhead = ((NettyHttpProxy) link.proxy).front().readAhead();
      List<RawClient> clients = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        RawClient client = link.client();
        client.send("POST /d/app/ HTTP/1.1\r\nHost: a\r\nContent-Length: " + body + "\r\n\r\n");
        CompletableFuture.runAsync(
            () -> {
              try {
                client.send("x".repeat(body));
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
        clients.add(client);
      }
      link.awaitHeld(40);
      Await.until("bodies have come", () -> readAhead.bytes() > 1 << 20);
      Thread.sleep(300);
      assertThat(readAhead.bytes()).isLessThan((1 << 20) + 40 * 65536);
      link.provider.gate.complete(null);
      for (RawClient client : clients) {
        assertThat(client.response().status).isEqualTo(200);
        client.close();
      }
      link.awaitQuiet();
      Await.until("nothing waits", () -> readAhead.bytes() == 0);
    }
  }

  private static final String LARGE = ("X: " + "y".repeat(6000) + "\r\n").repeat(10);

  /** The heads of requests that a client sends ahead take memory as bodies do. */
  @Test
  void requestsThatAreSentFarAhead_areDropped_whereThereIsNoMemoryForThem() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x"), proxy -> proxy.readAheadBytes(20_000));
        RawClient client = link.client()) {
      link.provider.gate = new CompletableFuture<>();
      client.send("GET /d/app/ HTTP/1.1\r\nHost: a\r\n\r\n");
      link.awaitHeld(1);
      // More than the buffers of the system take: so the link has to read it.
      String ahead = "GET /d/app/ahead HTTP/1.1\r\nHost: a\r\n" + LARGE + "\r\n";
      CompletableFuture<Void> sent =
          CompletableFuture.runAsync(
              () -> {
                try {
                  for (int i = 0; i < 300; i++) {
                    client.send(ahead);
                  }
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      Await.until("all was read", sent::isDone);
      sent.join();
      link.provider.gate.complete(null);
      assertThat(client.response().status).isEqualTo(200);
      assertThat(client.rest()).isEmpty();
      link.awaitQuiet();
      assertThat(((NettyHttpProxy) link.proxy).front().readAhead().bytes()).isZero();
      assertThat(link.instance().requests).hasSize(1);
    }
  }

  /** It has ended with a line, so that no byte of it waits to be read. */
  @Test
  void headThatIsNotWhole_behindARequestThatWaits_isReadOn() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x"), proxy -> {});
        RawClient client = link.client()) {
      link.provider.gate = new CompletableFuture<>();
      client.send("GET /d/app/ HTTP/1.1\r\nHost: a\r\n\r\nGET /d/app/next HTTP/1.1\r\nHost: a\r\n");
      link.awaitHeld(1);
      Thread.sleep(100);
      client.send("X: y\r\n\r\n");
      link.provider.gate.complete(null);
      assertThat(client.response().status).isEqualTo(200);
      assertThat(client.response().status).isEqualTo(200);
      assertThat(link.instance().requests).hasSize(2);
    }
  }

  @Test
  void largeHeads_ofRequestsThatWait_areBoundedInAll() throws Exception {
    String large = "GET /d/app/ HTTP/1.1\r\nHost: a\r\n" + LARGE + "\r\n";
    try (TestLink link = link(TestInstance.App.text("x"), proxy -> proxy.headBytes(100_000));
        RawClient small = link.client();
        RawClient next = link.client()) {
      link.provider.gate = new CompletableFuture<>();
      RawClient first = link.client().send(large);
      link.awaitHeld(1);
      RawClient.Response refused = link.ask(large);
      assertThat(refused.status).isEqualTo(431);
      assertThat(refused.body).contains("all the memory");
      small.send("GET /d/app/ HTTP/1.1\r\nHost: a\r\n\r\n");
      link.awaitHeld(2);

      first.close();
      link.awaitHeld(1);
      next.send(large);
      link.awaitHeld(2);
      link.provider.gate.complete(null);
      assertThat(small.response().status).isEqualTo(200);
      assertThat(next.response().status).isEqualTo(200);
      link.awaitQuiet();
    }
  }
}
