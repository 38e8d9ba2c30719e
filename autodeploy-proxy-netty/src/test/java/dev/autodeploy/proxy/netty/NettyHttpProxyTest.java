package dev.autodeploy.proxy.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.LinkContract;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.TestLink;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The tests of what this front can do beyond the contract of all. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
final class NettyHttpProxyTest extends LinkContract {
  private static final String GET = "GET /d/app/ HTTP/1.1\r\nHost: a\r\n\r\n";
  private static final String UPGRADE =
      "GET /d/app/chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
          + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n";
  private static final String SWITCHED =
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return NettyFront.of(engine);
  }

  private static TestInstance.App echoAfterUpgrade() {
    return (request, out) -> {
      assertThat(request.field("Upgrade")).isEqualTo("websocket");
      assertThat(request.field("Connection")).isEqualTo("Upgrade");
      TestInstance.write(out, SWITCHED + "hello");
      InputStream in = request.socket.getInputStream();
      byte[] buffer = new byte[8192];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        out.write(buffer, 0, n);
      }
      throw new IOException("done");
    };
  }

  @Test
  void webSocket_passesBothWaysAndKeepsTheInstance() throws Exception {
    try (TestLink link = link(echoAfterUpgrade());
        RawClient client = link.client()) {
      client.send(UPGRADE + "early"); // a frame that does not wait for the answer

      RawClient.Response head = client.head();
      assertThat(head.status).isEqualTo(101);
      assertThat(head.field("Upgrade")).isEqualTo("websocket");
      assertThat(head.field("AutoDeploy-Instance")).isNotNull();
      assertThat(new String(client.exactly(10), ISO_8859_1)).isEqualTo("helloearly");
      assertThat(link.app.status().inFlight()).isEqualTo(1);
      client.send("\u0081\u0003abc");
      assertThat(new String(client.exactly(5), ISO_8859_1)).isEqualTo("\u0081\u0003abc");

      client.socket.shutdownOutput();
      assertThat(client.read()).isEqualTo(-1);
      link.awaitQuiet();
    }
  }

  @Test
  void tunnel_carriesMuchInLittleMemory() throws Exception {
    long total = 256L << 20;
    try (TestLink link = link(echoAfterUpgrade()).warm();
        RawClient client = link.client()) {
      client.send(UPGRADE);
      assertThat(client.head().status).isEqualTo(101);
      client.exactly(5);
      CompletableFuture<Void> sent = send(client.out(), total);
      byte[] buffer = new byte[1 << 16];
      InputStream in = client.socket.getInputStream();
      long before = directMemory();
      long most = 0;
      long got = 0;
      Thread.sleep(300); // nothing is read: what does not fit the sockets has to wait at its sender
      while (got < total) {
        most = Math.max(most, directMemory() - before);
        int n = in.read(buffer);
        assertThat(n).isPositive();
        got += n;
      }
      assertThat(most).as("bytes of direct memory beside what there was").isLessThan(16L << 20);
      sent.get(20, TimeUnit.SECONDS);
      client.socket.close();
      link.awaitQuiet();
    }
  }

  /**
   * Returns how much of the allocator's direct memory is in buffers, not how much it has reserved.
   */
  private static long directMemory() {
    return PooledByteBufAllocator.DEFAULT.pinnedDirectMemory();
  }

  private static CompletableFuture<Void> send(OutputStream out, long total) {
    byte[] block = new byte[1 << 16];
    return CompletableFuture.runAsync(
        () -> {
          try {
            for (long i = 0; i < total; i += block.length) {
              out.write(block);
            }
          } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        });
  }

  @Test
  void upgradeThatTheInstanceDeclines_isAnOrdinaryExchange() throws Exception {
    try (TestLink link = link(TestInstance.App.text("no")).warm();
        RawClient client = link.client()) {
      client.send(UPGRADE + GET);

      assertThat(client.response().body).isEqualTo("no");
      assertThat(client.response().body).isEqualTo("no"); // what followed was a request after all
      link.awaitQuiet();
    }
  }

  @Test
  void switchThatNobodyAskedFor_is502() throws Exception {
    try (TestLink link = link(TestInstance.App.raw(SWITCHED)).warm()) {
      assertThat(link.get("/d/app/").status).isEqualTo(502);
      link.awaitQuiet();
    }
  }

  @Test
  void instanceThatDies_endsTheTunnel() throws Exception {
    try (TestLink link = link(echoAfterUpgrade());
        RawClient client = link.client()) {
      client.send(UPGRADE);
      assertThat(client.head().status).isEqualTo(101);
      client.exactly(5);
      link.provider.crash(link.provider.starts.get(0).instanceId(), 1);

      assertThat(client.rest()).isEmpty();
      link.awaitQuiet();
    }
  }

  @Test
  void heldClientThatLeaves_isNoticedAtOnce() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x"))) {
      link.provider.gate = new CompletableFuture<>();
      for (boolean reset : new boolean[] {false, true}) {
        RawClient client = link.client().send(GET);
        link.awaitHeld(1);
        long left = System.nanoTime();
        if (reset) {
          client.reset();
        } else {
          client.close();
        }
        Await.until("it is given up", () -> link.app.status().pending() == 0);
        assertThat(System.nanoTime() - left).isLessThan(TimeUnit.SECONDS.toNanos(1));
        link.awaitQuiet();
      }
      link.provider.gate.complete(null);
    }
  }

  @Test
  void servedClientThatLeaves_isNoticedThoughNothingIsWritten() throws Exception {
    TestInstance.App silent = (request, out) -> request.socket.getInputStream().read();
    try (TestLink link = link(silent).warm();
        RawClient client = link.client().send(GET)) {
      Await.until("it is served", () -> link.app.status().inFlight() == 1);
      client.socket.close();
      link.awaitQuiet();
      Await.until("the upstream is closed", () -> link.instance().openConnections() == 0);
    }
  }

  @Test
  void target_passesByteForByte() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x")).warm()) {
      String[] targets = {
        "/a|b{c}^d[e]`\"<>\\?q=|{}^[]", "/%zz/%", "/\u00c3\u00a9\u00ff?\u00e4", "/a/../b/./c//d"
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
  void reasonAndNames_passAsTheInstanceWroteThem() throws Exception {
    for (String reason : new String[] {"Model Loading", "", "\u00c3\u00a9t\u00c3\u00a9"}) {
      TestInstance.App app =
          TestInstance.App.raw(
              "HTTP/1.1 299 "
                  + reason
                  + "\r\nx-lower: 1\r\nX-UPPER: 2\r\nContent-Length: 0\r\n\r\n");
      try (TestLink link = link(app).warm()) {
        RawClient.Response response = link.get("/d/app/");

        assertThat(response.reason).isEqualTo(reason);
        assertThat(response.head).contains("x-lower: 1", "X-UPPER: 2");
      }
    }
  }

  @Test
  void bodies_passBothWaysAtOnce() throws Exception {
    TestInstance.App echo =
        (request, out) -> {
          TestInstance.write(
              out,
              "HTTP/1.1 200 OK\r\nContent-Length: " + request.field("Content-Length") + "\r\n\r\n");
          request.copyBody(out);
        };
    long total = 64L << 20;
    try (TestLink link = link(echo).warm();
        RawClient client = link.client()) {
      client.send("POST /d/app/ HTTP/1.1\r\nHost: a\r\nContent-Length: " + total + "\r\n\r\n");
      CompletableFuture<Void> sent = send(client.out(), total);

      assertThat(client.head().status).isEqualTo(200);
      client.exactly((int) total);
      sent.get(20, TimeUnit.SECONDS);
      link.awaitQuiet();
    }
  }

  @Test
  void refusalOfABigBody_reachesAClientThatReadsOnlyAfterwards() throws Exception {
    int total = 16 << 20;
    try (TestLink link =
            link(
                TestInstance.App.text("x"),
                spec -> {},
                proxy -> proxy.bearerToken("app", "0123456789abcdef"));
        RawClient client = link.client()) {
      client.send("POST /d/app/ HTTP/1.1\r\nHost: a\r\nContent-Length: " + total + "\r\n\r\n");
      send(client.out(), total).get(20, TimeUnit.SECONDS);

      assertThat(client.response().status).isEqualTo(401);
      assertThat(link.provider.starts).isEmpty();
    }
  }

  @Test
  void pipelinedRequests_areAnsweredInOrder() throws Exception {
    TestInstance.App path =
        (request, out) -> TestInstance.App.text(request.target).respond(request, out);
    try (TestLink link = link(path);
        RawClient client = link.client()) {
      StringBuilder all = new StringBuilder();
      for (int i = 0; i < 100; i++) {
        all.append(GET.replace("/d/app/", i % 3 == 0 ? "/d/nobody/" : "/d/app/" + i));
      }
      client.send(all.toString());
      for (int i = 0; i < 100; i++) {
        RawClient.Response response = client.response();
        assertThat(response.status).isEqualTo(i % 3 == 0 ? 404 : 200);
        if (i % 3 != 0) {
          assertThat(response.body).isEqualTo("/" + i);
        }
      }
    }
  }

  @Test
  void ownCode_neverRunsOnALoop() throws Exception {
    CompletableFuture<String> thread = new CompletableFuture<>();
    try (TestLink link =
        link(
            TestInstance.App.text("x"),
            spec -> {},
            proxy ->
                proxy.access(
                    request -> {
                      thread.complete(Thread.currentThread().getName());
                      return true;
                    }))) {
      assertThat(link.get("/d/app/").status).isEqualTo(200);
      assertThat(thread.get()).startsWith("autodeploy-proxy-check-");
    }
  }

  @Test
  void dedicatedPort_goesToItsDeploymentWithTheWholePath() throws Exception {
    try (TestLink link =
        link(TestInstance.App.text("x"), spec -> {}, proxy -> proxy.dedicatedPort("app", 0))) {
      assertThat(RawClient.get(link.proxy.dedicatedPort("app"), "/-/status?a").status)
          .isEqualTo(200);
      assertThat(link.instance().requests.get(0).target).isEqualTo("/-/status?a");
    }
  }

  @Test
  void portThatIsTaken_isNamed() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();
      assertThatThrownBy(
              () -> link(TestInstance.App.text("x"), spec -> {}, proxy -> proxy.port(port)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(":" + port);
    }
  }

  @Test
  void clientThatSendsNoWholeHead_isDisconnected() throws Exception {
    try (TestLink link =
            link(
                TestInstance.App.text("x"),
                spec -> {},
                proxy -> proxy.headTimeout(java.time.Duration.ofMillis(200)));
        RawClient client = link.client()) {
      client.send(GET);
      assertThat(client.response().status).isEqualTo(200);
      client.send("GET /d/app/ HTTP/1.1\r\nHo");
      assertThat(client.rest()).isEmpty();
    }
  }
}
