package dev.autodeploy.proxy.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.LinkContract;
import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.TestLink;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** WebSockets and other protocols on a stream of HTTP/2 (RFC 8441), to instances of HTTP/1.1. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
final class WebSocketOverHttp2Test extends LinkContract {
  private static final int ENABLE_CONNECT_PROTOCOL = 8;
  private static final int CANCEL = 8;

  @Override
  protected NettyHttpProxy.Builder front(AutoDeploy engine) {
    return NettyFront.of(engine);
  }

  private static RawHttp2 connect(RawHttp2 client, int stream, String protocol, String... more)
      throws IOException {
    String[] all = new String[10 + more.length];
    String[] head = {
      ":method",
      "CONNECT",
      ":protocol",
      protocol,
      ":scheme",
      "http",
      ":path",
      "/d/app/chat?x=1",
      ":authority",
      "a"
    };
    System.arraycopy(head, 0, all, 0, head.length);
    System.arraycopy(more, 0, all, head.length, more.length);
    return client.headers(stream, false, all);
  }

  private static String switched(TestInstance.Request request) {
    String key = request.field("Sec-WebSocket-Key");
    return "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
        + request.field("Upgrade")
        + (key == null ? "" : "\r\nSec-WebSocket-Accept: " + WebSocketClientTest.accept(key))
        + "\r\nSec-WebSocket-Protocol: chat\r\n\r\n";
  }

  /** Sends every byte back, and ends when its client does. */
  private static void echo(TestInstance.Request request, OutputStream out) throws IOException {
    TestInstance.write(out, switched(request));
    for (int b = request.read(); b >= 0; b = request.read()) {
      out.write(b);
    }
    throw new IOException("done");
  }

  private static RawHttp2.Answer awaitHead(RawHttp2 client, int stream) throws IOException {
    RawHttp2.Answer answer = client.soFar(stream);
    while (answer.head.isEmpty()) {
      assertThat(client.next()).isNotNull();
    }
    return answer;
  }

  private static void awaitBytes(RawHttp2 client, RawHttp2.Answer answer, int number)
      throws IOException {
    while (answer.body.size() < number) {
      assertThat(client.next()).isNotNull();
    }
  }

  @Test
  void settings_sayThatItGoes() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x"));
        RawHttp2 client = new RawHttp2(link.port).begin()) {
      RawHttp2.Frame settings = client.read();

      assertThat(settings.type()).isEqualTo(RawHttp2.SETTINGS);
      assertThat(settings.setting(ENABLE_CONNECT_PROTOCOL)).isEqualTo(1);
    }
  }

  @Test
  void bytes_passBothWays_andEachHalfEndsByItself() throws Exception {
    try (TestLink link = link(WebSocketOverHttp2Test::echo);
        RawHttp2 client = new RawHttp2(link.port).begin()) {
      connect(
          client,
          1,
          "websocket",
          "sec-websocket-version",
          "13",
          "sec-websocket-protocol",
          "chat",
          "sec-websocket-key",
          "not the client's to choose");
      RawHttp2.Answer answer = awaitHead(client, 1);
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.head)
          .containsEntry("sec-websocket-protocol", "chat")
          .containsKey("autodeploy-instance")
          .doesNotContainKeys(
              "sec-websocket-accept",
              "upgrade",
              "connection",
              "content-length",
              "transfer-encoding");
      TestInstance.Request seen = link.instance().requests.get(0);
      assertThat(seen.method).isEqualTo("GET");
      assertThat(seen.target).isEqualTo("/chat?x=1");
      assertThat(seen.field("Upgrade")).isEqualTo("websocket");
      assertThat(seen.field("Connection")).isEqualTo("Upgrade");
      assertThat(seen.field("Sec-WebSocket-Version")).isEqualTo("13");
      assertThat(java.util.Base64.getDecoder().decode(seen.field("Sec-WebSocket-Key"))).hasSize(16);
      assertThat(link.app.status().inFlight()).isEqualTo(1);

      client.data(1, false, "hello");
      awaitBytes(client, answer, 5);
      client.data(1, true, " world");
      assertThat(client.answer(1).text()).isEqualTo("hello world");
      assertThat(answer.ended).isTrue();
      link.awaitQuiet();
      assertThat(client.get(3, "/d/nobody/").answer(3).status()).isEqualTo(404);
    }
  }

  @Test
  void bytesThatDoNotWaitForTheAnswer_areKept() throws Exception {
    try (TestLink link = link(WebSocketOverHttp2Test::echo);
        RawHttp2 client = new RawHttp2(link.port).begin()) {
      link.provider.gate = new CompletableFuture<>();
      connect(client, 1, "x-own").data(1, false, "early").data(1, true, " bytes");
      link.awaitHeld(1);
      link.provider.gate.complete(null);

      assertThat(client.answer(1).text()).isEqualTo("early bytes");
      assertThat(link.instance().requests.get(0).field("Upgrade")).isEqualTo("x-own");
      assertThat(link.instance().requests.get(0).field("Sec-WebSocket-Key")).isNull();
      link.awaitQuiet();
    }
  }

  @Test
  void instanceThatDoesNotRead_holdsItsClientUp_andGetsAllOfIt() throws Exception {
    int pieces = 1000; // 16 MB: more than windows and sockets take
    CountDownLatch reads = new CountDownLatch(1);
    TestInstance.App counts =
        (request, out) -> {
          TestInstance.write(out, switched(request));
          Await.until("it may read", () -> reads.getCount() == 0);
          long all = 0;
          while (request.read() >= 0) {
            all++;
          }
          TestInstance.write(out, "got " + all);
          throw new IOException("done");
        };
    try (TestLink link = link(counts).warm();
        RawHttp2 client = new RawHttp2(link.port).begin()) {
      connect(client, 1, "websocket");
      RawHttp2.Answer answer = awaitHead(client, 1);
      client.socket.setSoTimeout(500);
      long room = 65_535; // of the stream, which is less than that of the connection
      int sent = 0;
      int whileHeldUp = 0;
      while (sent < pieces) {
        if (room >= 16_000) {
          client.data(1, false, "x".repeat(16_000));
          room -= 16_000;
          sent++;
        } else {
          try {
            RawHttp2.Frame frame = client.next();
            assertThat(frame).isNotNull();
            room +=
                frame.type() == RawHttp2.WINDOW_UPDATE && frame.stream() == 1 ? frame.word(0) : 0;
          } catch (SocketTimeoutException e) {
            whileHeldUp = whileHeldUp == 0 ? sent : whileHeldUp;
            reads.countDown();
          }
        }
      }
      assertThat(whileHeldUp).as("pieces that went before it read").isBetween(1, pieces - 1);
      client.data(1, true, "");
      client.socket.setSoTimeout(20_000);
      assertThat(client.answer(1)).isSameAs(answer);
      assertThat(answer.text()).isEqualTo("got " + 16_000L * pieces);
      link.awaitQuiet();
    }
  }

  @Test
  void http2_isNotTunnelled() throws Exception {
    TestInstance.App http2 =
        TestInstance.App.raw(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    try (TestLink link = link(http2).warm()) {
      for (String name : List.of("h2c", "H2C")) {
        link.instance().requests.clear();
        try (RawHttp2 client = new RawHttp2(link.port).begin()) {
          connect(client, 1, name);
          assertThat(awaitHead(client, 1).status()).isEqualTo(400);
        }
        assertThat(link.instance().requests).isEmpty();

        String request = "GET /d/app/x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ";
        assertThat(link.ask(request + name + ", x\r\n\r\n").status).isEqualTo(502);
        assertThat(link.instance().requests).hasSize(1);
        assertThat(link.instance().requests.get(0).field("Upgrade")).isNull();
      }
      link.awaitQuiet();
    }
  }

  @Test
  void heldTunnel_whoseClientLeaves_startsNothingMore() throws Exception {
    try (TestLink link = link(WebSocketOverHttp2Test::echo);
        RawHttp2 client = new RawHttp2(link.port).begin()) {
      link.provider.gate = new CompletableFuture<>();
      connect(client, 1, "websocket");
      link.awaitHeld(1);
      client.reset(1, CANCEL);
      link.awaitHeld(0);
      link.provider.gate.complete(null);
      link.awaitQuiet();
    }
  }

  @Test
  void instanceThatRefuses_isPassedOn_andOneThatAnswersInAnotherWay_is502() throws Exception {
    for (String response :
        List.of(
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\n"
                + "Connection: Upgrade\r\n"
                + "Upgrade: websocket\r\n\r\n")) {
      try (TestLink link = link(TestInstance.App.raw(response)).warm();
          RawHttp2 client = new RawHttp2(link.port).begin()) {
        connect(client, 1, "websocket");

        RawHttp2.Answer answer = client.answer(1);
        assertThat(answer.status()).isEqualTo(response.contains("403") ? 403 : 502);
        link.awaitQuiet();
        assertThat(link.instance().requests).hasSize(1);
      }
    }
  }

  @Test
  void instanceThatEnds_endsTheStream_andClientThatResets_theConnection() throws Exception {
    TestInstance.App goodbye =
        (request, out) -> {
          TestInstance.write(out, switched(request) + "bye");
          if (request.target.contains("x=1")) {
            throw new IOException("done");
          }
        };
    try (TestLink link = link(goodbye).warm();
        RawHttp2 client = new RawHttp2(link.port).begin()) {
      connect(client, 1, "websocket");
      RawHttp2.Answer answer = client.answer(1);
      assertThat(answer.text()).isEqualTo("bye");
      client.data(1, true, "");
      link.awaitQuiet();
      assertThat(answer.reset).isEqualTo(-1); // and what it got stands
    }
    try (TestLink link = link(WebSocketOverHttp2Test::echo).warm();
        RawHttp2 client = new RawHttp2(link.port).begin()) {
      connect(client, 1, "websocket");
      awaitHead(client, 1);
      client.reset(1, CANCEL);
      link.awaitQuiet();
      Await.until("it is closed", () -> link.instance().openConnections() == 0);
      connect(client, 3, "websocket");
      awaitHead(client, 3);
      client.socket.close(); // with all its streams
      link.awaitQuiet();
      Await.until("it is closed", () -> link.instance().openConnections() == 0);
    }
  }

  @Test
  void silentTunnel_isClosed() throws Exception {
    try (TestLink link =
            new TestLink(
                WebSocketOverHttp2Test::echo,
                spec -> {},
                engine -> front(engine).tunnelSilence(Duration.ofMillis(200)));
        RawHttp2 client = new RawHttp2(link.port).begin()) {
      connect(client, 1, "websocket");
      awaitHead(client, 1);

      assertThat(client.answer(1).reset).isEqualTo(CANCEL);
      link.awaitQuiet();
    }
  }

  @Test
  void sideThatTakesNothing_stopsTheOther() throws Exception {
    AtomicLong written = new AtomicLong();
    TestInstance.App endless =
        (request, out) -> {
          TestInstance.write(out, switched(request));
          byte[] piece = new byte[64 * 1024];
          while (true) {
            out.write(piece);
            written.addAndGet(piece.length);
          }
        };
    try (TestLink link = link(endless).warm();
        RawHttp2 client = new RawHttp2(link.port).begin()) {
      connect(client, 1, "websocket");
      Await.until("the instance has begun", () -> written.get() > 0);
      long before = -1;
      while (before != written.get()) { // until it stops
        before = written.get();
        Thread.sleep(300);
      }
      assertThat(before).isLessThan(32L << 20);
      assertThat(PooledByteBufAllocator.DEFAULT.pinnedDirectMemory()).isLessThan(16L << 20);

      RawHttp2.Answer answer = client.soFar(1);
      while (answer.body.size() < before + (1 << 20)) { // goes on when it takes again
        client.next();
      }
      client.socket.close();
      link.awaitQuiet();
    }
  }

  @Test
  void connectWithoutAProtocol_orWithAnother_thatIsNoToken_isRefused() throws Exception {
    try (TestLink link = link(WebSocketOverHttp2Test::echo).warm();
        RawHttp2 client = new RawHttp2(link.port).begin()) {
      connect(client, 1, "web socket");
      assertThat(client.answer(1).status()).isEqualTo(400);
      client.headers(
          3,
          false,
          ":method",
          "GET",
          ":protocol",
          "websocket",
          ":scheme",
          "http",
          ":path",
          "/d/app/",
          ":authority",
          "a");
      assertThat(client.answer(3).status()).isEqualTo(400);
      assertThat(link.instance().requests).isEmpty();
      link.awaitQuiet();
    }
  }

  @Test
  void clientOfNode_sendsFramesAndCloses() throws Exception {
    Node.require();
    try (TestLink link = link(WebSocketClientTest::echo)) {
      assertThat(Node.run("http2-websocket.js", Integer.toString(link.port)))
          .containsExactly("enabled true", "status 200 chat", "text hello", "close 4001 enough");
      link.awaitQuiet();
    }
  }
}
