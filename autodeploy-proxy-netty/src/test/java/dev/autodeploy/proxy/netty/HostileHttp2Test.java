package dev.autodeploy.proxy.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.LinkContract;
import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.TestLink;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.socket.SocketChannel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Clients of HTTP/2 that mean harm: to what an instance reads, or to the link itself. */
@org.junit.jupiter.api.TestInstance(Lifecycle.PER_CLASS)
class HostileHttp2Test extends LinkContract {
  private TestLink link;

  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return NettyFront.of(engine);
  }

  /** Returns the connection as it carries HTTP/2. */
  Socket carrying(Socket connected) throws IOException {
    return connected;
  }

  private Socket connect(int port) throws IOException {
    return carrying(new Socket(InetAddress.getLoopbackAddress(), port));
  }

  private int status() throws IOException {
    try (RawHttp2 client = new RawHttp2(connect(link.port)).begin()) {
      return client.get(1, "/d/app/x").answer(1).status();
    }
  }

  @BeforeAll
  void start() throws IOException {
    link =
        link((request, out) -> {
              request.drain();
              TestInstance.App.text("served").respond(request, out);
            })
            .warm();
  }

  @AfterAll
  void stop() {
    link.close();
  }

  private static Arguments with(String name, String... more) {
    String[] all = new String[8 + more.length];
    System.arraycopy(
        new String[] {":method", "GET", ":scheme", "http", ":path", "/d/app/x", ":authority", "a"},
        0,
        all,
        0,
        8);
    System.arraycopy(more, 0, all, 8, more.length);
    return Arguments.of(name, all);
  }

  private static Arguments of(String name, String... fields) {
    return Arguments.of(name, fields);
  }

  static Stream<Arguments> refused() {
    return Stream.of(
        with("TE chunked", "transfer-encoding", "chunked"),
        with("connection", "connection", "close"),
        with("connection names a field", "connection", "x-forwarded-for"),
        with("keep-alive", "keep-alive", "timeout=5"),
        with("proxy-connection", "proxy-connection", "keep-alive"),
        with("upgrade", "upgrade", "websocket"),
        with("te", "te", "gzip"),
        with("CRLF in a value", "x", "a\r\nTransfer-Encoding: chunked"),
        with("LF in a value", "x", "a\nY: b"),
        with("CR in a value", "x", "a\rY: b"),
        with("NUL in a value", "x", "a\u0000b"),
        with("CRLF in a name", "x\r\ny", "z"),
        with("colon in a name", "x:y", "z"),
        with("space in a name", "x y", "z"),
        with("capitals", "Content-Length", "0"),
        with("empty name", "", "z"),
        with("another host", "host", "evil"),
        with("two lengths", "content-length", "0", "content-length", "5"),
        with("length of nothing", "content-length", "5"),
        with("signed length", "content-length", "+0"),
        with("pseudo behind", "x", "y", ":path", "/d/app/z"),
        with("unknown pseudo", ":evil", "x"),
        with("status in a request", ":status", "200"),
        with("expectation", "expect", "magic"),
        of("no path", ":method", "GET", ":scheme", "http", ":authority", "a"),
        of("no method", ":path", "/d/app/x", ":scheme", "http", ":authority", "a"),
        of("no host", ":method", "GET", ":scheme", "http", ":path", "/d/app/x"),
        line("GET", "/d/app/x HTTP/1.1\r\nX: y"),
        line("GET", "/d/app/x y"),
        line("GET", "http://a/d/app/x"),
        line("GET", "*"),
        line("GET", "//evil/d/app/x"),
        line("GET", "/d/app/x#y"),
        line("GET", ""),
        line("GET /d/app/y HTTP/1.1\r\nA: b", "/d/app/x"),
        line("G T", "/d/app/x"),
        line("TRACE", "/d/app/x"),
        of("CONNECT", ":method", "CONNECT", ":authority", "a:80"),
        of(
            "extended CONNECT",
            ":method",
            "CONNECT",
            ":protocol",
            "websocket",
            ":scheme",
            "http",
            ":path",
            "/d/app/x",
            ":authority",
            "a"),
        of(
            "bad authority",
            ":method",
            "GET",
            ":scheme",
            "http",
            ":path",
            "/d/app/x",
            ":authority",
            "a\r\nX: y"));
  }

  private static Arguments line(String method, String path) {
    return of(
        method + " " + path,
        ":method",
        method,
        ":scheme",
        "http",
        ":path",
        path,
        ":authority",
        "a");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refused")
  void ambiguousRequest_reachesNoInstance(String name, String... fields) throws Exception {
    link.instance().requests.clear();
    try (RawHttp2 client = new RawHttp2(connect(link.port)).begin()) {
      client.headers(1, true, fields);
      int status = outcome(client);
      assertThat(status)
          .as("status, or 0 for a reset or the connection's end")
          .isIn(0, 400, 405, 417);
    }
    assertThat(link.instance().requests).isEmpty();
    link.awaitQuiet();
  }

  private static int outcome(RawHttp2 client) throws IOException {
    try {
      RawHttp2.Answer answer = client.answer(1);
      return answer.head.isEmpty() ? 0 : answer.status();
    } catch (java.io.EOFException | java.net.SocketException e) {
      return 0;
    }
  }

  @Test
  void bodyOfAnotherLengthThanDeclared_isNotTakenForWhole() throws Exception {
    for (String body : new String[] {"abc", "abcdefgh"}) {
      try (RawHttp2 client = new RawHttp2(connect(link.port)).begin()) {
        client.request(1, "POST", "/d/app/x", false, "content-length", "5").data(1, true, body);
        assertThat(outcome(client)).isNotEqualTo(200);
      }
      link.awaitQuiet();
    }
  }

  @Test
  void headThatIsTooLarge_isRefused() throws Exception {
    try (RawHttp2 client = new RawHttp2(connect(link.port)).begin()) {
      String[] many = new String[2 * 160];
      for (int i = 0; i < many.length; i += 2) {
        many[i] = "x-" + i;
        many[i + 1] = "y";
      }
      client.get(1, "/d/app/x", many);
      assertThat(client.answer(1).status()).isEqualTo(431);
    }
  }

  @Test
  void rapidReset_endsTheConnection_andLeavesNothing() throws Exception {
    try (RawHttp2 client = new RawHttp2(connect(link.port)).begin()) {
      try {
        for (int i = 0; i < 5000; i++) {
          client.get(1 + 2 * i, "/d/app/x").reset(1 + 2 * i, 8);
        }
      } catch (IOException e) {
        // It has hung up already.
      }
      assertThat(client.end()).isIn(-1, 11); // ENHANCE_YOUR_CALM
    }
    link.awaitQuiet();
    assertThat(status()).isEqualTo(200);
  }

  @Test
  void resetsThatTheLinkIsMadeToSend_endTheConnection() throws Exception {
    try (RawHttp2 client = new RawHttp2(connect(link.port)).begin()) {
      link.instance().requests.clear();
      try {
        for (int i = 0; i < 5000; i++) {
          client.get(1 + 2 * i, "/d/app/x").window(1 + 2 * i, 0);
        }
      } catch (IOException e) {
        // It has hung up already.
      }
      assertThat(client.end()).isIn(-1, 11); // ENHANCE_YOUR_CALM
    }
    link.awaitQuiet();
    assertThat(link.instance().requests).hasSizeLessThan(3000);
    assertThat(status()).isEqualTo(200);
  }

  @Test
  void streamThatBreaksARule_isResetByTheNameOfTheFault() throws Exception {
    try (RawHttp2 client = new RawHttp2(connect(link.port)).begin()) {
      client.request(1, "POST", "/d/app/x", false).window(1, 0);

      assertThat(client.answer(1).reset).isEqualTo(1); // PROTOCOL_ERROR
      assertThat(client.get(3, "/d/app/x").answer(3).status()).isEqualTo(200);
    }
    link.awaitQuiet();
  }

  @Test
  void moreStreamsThanAllowed_areRefused() throws Exception {
    TestInstance.App silent = (request, out) -> request.socket.getInputStream().read();
    try (TestLink own = link(silent).warm();
        RawHttp2 client = new RawHttp2(connect(own.port)).begin()) {
      for (int i = 0; i < 150; i++) {
        client.get(1 + 2 * i, "/d/app/x");
      }
      assertThat(client.answer(299).reset).isEqualTo(7); // REFUSED_STREAM
      assertThat(own.proxy.inFlight()).isLessThanOrEqualTo(100);
      client.socket.close();
      own.awaitQuiet();
    }
  }

  @Test
  void continuationsWithoutEnd_endTheConnection() throws Exception {
    byte[] piece = RawHttp2.block("x", "y".repeat(16_000));
    for (byte[] block : new byte[][] {piece, {}, {0}}) {
      try (RawHttp2 client = new RawHttp2(connect(link.port)).begin()) {
        client.frame(RawHttp2.HEADERS, RawHttp2.END_STREAM, 1, RawHttp2.block(":method", "GET"));
        try {
          for (int i = 0; i < 10_000; i++) {
            client.frame(RawHttp2.CONTINUATION, 0, 1, block);
          }
        } catch (IOException e) {
          // It has hung up already.
        }
        client.end();
      }
    }
    assertThat(status()).isEqualTo(200);
  }

  @Test
  void headOfManySmallPieces_isNotServed_andOneOfFewIs() throws Exception {
    byte[] head = RawHttp2.block((String[]) with("a head").get()[1]);
    for (int pieces : new int[] {3, 100}) {
      link.instance().requests.clear();
      try (RawHttp2 client = new RawHttp2(connect(link.port)).begin()) {
        client.frame(RawHttp2.HEADERS, RawHttp2.END_STREAM, 1, head);
        byte[] empty = RawHttp2.frameBytes(RawHttp2.CONTINUATION, 0, 1);
        byte[] last = RawHttp2.frameBytes(RawHttp2.CONTINUATION, RawHttp2.END_HEADERS, 1);
        client.bytes(repeated(empty, pieces)).bytes(last);
        assertThat(outcome(client)).isEqualTo(pieces == 3 ? 200 : 0);
      }
      assertThat(link.instance().requests).hasSize(pieces == 3 ? 1 : 0);
      link.awaitQuiet();
    }
  }

  @Test
  void dataWithoutBytes_mayComeTwice_andNotAgainAndAgain() throws Exception {
    byte[] empty = RawHttp2.frameBytes(RawHttp2.DATA, 0, 1);
    for (int frames : new int[] {2, 100}) {
      try (RawHttp2 client = new RawHttp2(connect(link.port)).begin()) {
        client.request(1, "POST", "/d/app/x", false).bytes(repeated(empty, frames));
        assertThat(outcome(client.data(1, true, "x"))).isEqualTo(frames == 2 ? 200 : 0);
      }
      link.awaitQuiet();
    }
  }

  @Test
  void floodOfFramesThatWantAnAnswer_isBounded() throws Exception {
    byte[] pings = repeated(RawHttp2.frameBytes(RawHttp2.PING, 0, 0, new byte[8]), 1000);
    byte[] settings = repeated(RawHttp2.frameBytes(RawHttp2.SETTINGS, 0, 0), 1000);
    byte[] empty = repeated(RawHttp2.frameBytes(RawHttp2.DATA, 0, 1), 1000);
    for (byte[] flood : new byte[][] {pings, settings, empty}) {
      long before = PooledByteBufAllocator.DEFAULT.pinnedDirectMemory();
      try (RawHttp2 client = new RawHttp2(connect(link.port)).begin()) {
        client.socket.setSoTimeout(2_000);
        client.request(1, "POST", "/d/app/x", false);
        Thread writer =
            new Thread(
                () -> {
                  try {
                    for (int i = 0; i < 2000; i++) {
                      client.bytes(flood); // and nothing is read
                    }
                  } catch (IOException e) {
                    return; // it has hung up, as it should
                  }
                });
        writer.start();
        writer.join(3_000);
        long grown = PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() - before;
        assertThat(grown).isLessThan(32L << 20);
        assertThat(status()).isEqualTo(200);
        client.socket.close();
        writer.join(10_000);
        assertThat(writer.isAlive()).isFalse();
      }
      link.awaitQuiet();
    }
  }

  @Test
  void pings_mayBeTenForAFrameOfData_andNotHundreds() throws Exception {
    byte[] ping = RawHttp2.frameBytes(RawHttp2.PING, 0, 0, new byte[8]);
    try (RawHttp2 client = new RawHttp2(connect(link.port)).begin()) {
      client.request(1, "POST", "/d/app/x", false);
      for (int i = 0; i < 300; i++) {
        client.bytes(repeated(ping, 10)).data(1, false, "x");
      }
      assertThat(client.data(1, true, "x").answer(1).status()).isEqualTo(200);
    }
    try (RawHttp2 client = new RawHttp2(connect(link.port)).begin()) {
      client.request(1, "POST", "/d/app/x", false);
      try {
        for (int i = 0; i < 30; i++) {
          client.bytes(repeated(ping, 400)).data(1, false, "x");
          awaitPings(client, 400); // else it is the answers that are too many
        }
      } catch (IOException e) {
        // It has hung up already.
      }
      assertThat(client.end()).isIn(-1, 11); // ENHANCE_YOUR_CALM
    }
    link.awaitQuiet();
  }

  /** Reads answers to pings; fails if the connection ends. */
  private static void awaitPings(RawHttp2 client, int number) throws IOException {
    for (int left = number; left > 0; ) {
      RawHttp2.Frame frame = client.next();
      if (frame == null || frame.type() == RawHttp2.GOAWAY) {
        throw new IOException("the connection ended");
      }
      left -= frame.type() == RawHttp2.PING ? 1 : 0;
    }
  }

  @Test
  void pingsThatMeasureAResponse_asOfGrpc_areNoFlood() throws Exception {
    int pieces = 1500;
    TestInstance.App drips =
        (request, out) -> {
          TestInstance.write(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
          for (int i = 0; i < pieces; i++) {
            TestInstance.write(out, "1\r\nx\r\n");
            LockSupport.parkNanos(1_000_000);
          }
          TestInstance.write(out, "0\r\n\r\n");
        };
    try (TestLink own = link(drips).warm();
        RawHttp2 client = new RawHttp2(connect(own.port)).begin()) {
      client.get(1, "/d/app/x");
      for (int i = 0; i < pieces; i++) {
        client.bytes(RawHttp2.frameBytes(RawHttp2.PING, 0, 0, new byte[8]));
        LockSupport.parkNanos(1_000_000);
      }
      assertThat(client.answer(1).status()).isEqualTo(200);
      own.awaitQuiet();
    }
  }

  @Test
  void framesThatSayNothing_areIgnored_andTooManyEndTheConnection() throws Exception {
    byte[] ofTheConnection = RawHttp2.frameBytes(0xbb, 0, 0, new byte[8]);
    byte[] ofAStream = RawHttp2.frameBytes(0xbb, 0, 1, new byte[8]);
    byte[] ofNoStream = RawHttp2.frameBytes(RawHttp2.PRIORITY, 0, 99, new byte[5]);
    byte[] ping = RawHttp2.frameBytes(RawHttp2.PING, 0, 0, new byte[8]);
    byte[] settings = RawHttp2.frameBytes(RawHttp2.SETTINGS, 0, 0);
    byte[][] all = {ofTheConnection, ofAStream, ofNoStream, ping, settings};
    for (byte[] frame : all) {
      try (RawHttp2 client = new RawHttp2(connect(link.port)).begin()) {
        client.request(1, "POST", "/d/app/x", false).bytes(repeated(frame, 100));
        assertThat(client.data(1, true, "x").answer(1).status()).isEqualTo(200);
      }
      try (RawHttp2 client = new RawHttp2(connect(link.port)).begin()) {
        client.request(1, "POST", "/d/app/x", false);
        try {
          client.bytes(repeated(frame, 5000));
        } catch (IOException e) {
          // It has hung up already.
        }
        assertThat(client.end()).isIn(-1, 11); // ENHANCE_YOUR_CALM
      }
      link.awaitQuiet();
    }
  }

  private static byte[] repeated(byte[] bytes, int times) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < times; i++) {
      out.writeBytes(bytes);
    }
    return out.toByteArray();
  }

  @Test
  void clientThatOpensNoWindow_isCutOff() throws Exception {
    try (TestLink own =
            link(
                TestInstance.App.text("much"),
                spec -> {},
                proxy -> proxy.stallTimeout(Duration.ofMillis(500)));
        RawHttp2 client = new RawHttp2(connect(own.port)).begin(4, 0)) { // windows of no byte
      own.provider.app = TestInstance.App.text("x".repeat(1 << 20));
      own.warm();
      for (int i = 0; i < 50; i++) {
        client.get(1 + 2 * i, "/d/app/x");
      }
      Await.until("they are served", () -> !own.instance().requests.isEmpty());
      own.awaitQuiet();
    }
  }

  @Test
  void clientThatTakesNoneOfAShortResponse_losesItsStream() throws Exception {
    try (TestLink own =
            link(
                TestInstance.App.text("short"),
                spec -> {},
                proxy -> proxy.stallTimeout(Duration.ofMillis(500)));
        RawHttp2 client = new RawHttp2(connect(own.port)).begin(4, 0)) { // windows of no byte
      own.warm();
      assertThat(client.get(1, "/d/app/x").answer(1).reset).isEqualTo(8); // CANCEL
      assertThat(client.get(3, "/d/nobody/x").answer(3).reset).isEqualTo(8); // the link's own
      assertThat(client.window(0, 1).get(5, "/d/app/x").window(5, 100).answer(5).text())
          .isEqualTo("short");
      own.awaitQuiet();
    }
  }

  @Test
  void clientThatReadsNothing_losesItsConnection() throws Exception {
    try (TestLink own =
            link(
                TestInstance.App.text("x".repeat(1 << 16)),
                spec -> {},
                proxy -> proxy.stallTimeout(Duration.ofMillis(300)).minTransferRate(1 << 20));
        Socket socket = new Socket()) {
      socket.setReceiveBufferSize(4096);
      socket.connect(new InetSocketAddress("127.0.0.1", own.port));
      RawHttp2 client = new RawHttp2(carrying(socket)).begin(4, 1 << 30);
      client.window(0, 1 << 30);
      own.warm();
      for (int i = 0; i < 100; i++) { // 6.4 MB: more than the sockets take
        client.get(1 + 2 * i, "/d/app/x");
      }
      own.awaitQuiet();
      Await.until("it is disconnected", () -> !connected(own));
    }
  }

  @Test
  void clientThatGivesUp_isNoticed_thoughItsBodyIsNotRead() throws Exception {
    for (boolean closes : new boolean[] {false, true}) {
      try (TestLink own =
              link(
                  TestInstance.App.text("x"),
                  spec -> {},
                  proxy -> ((NettyHttpProxy.Builder) proxy).readAheadBytes(1000));
          RawHttp2 client = new RawHttp2(connect(own.port)).begin()) {
        own.provider.gate = new CompletableFuture<>();
        client.request(1, "POST", "/d/app/x", false);
        own.awaitHeld(1);
        for (int i = 0; i < 10; i++) {
          client.data(1, false, "x".repeat(1000));
        }
        Await.until("it is not read", () -> front(own).readAhead().bytes() > 1000);
        if (closes) {
          client.socket.close();
        } else {
          client.reset(1, 8);
        }
        own.awaitQuiet();
        assertThat(front(own).readAhead().bytes()).isZero();
        own.provider.gate.complete(null);
      }
    }
  }

  private static boolean connected(TestLink link) {
    return front(link).channels().stream().anyMatch(SocketChannel.class::isInstance);
  }

  private static Front front(TestLink link) {
    return ((NettyHttpProxy) link.proxy).front();
  }

  @Test
  void clientThatSaysNothing_isDisconnected() throws Exception {
    try (TestLink own =
            link(
                TestInstance.App.text("x"),
                spec -> {},
                proxy -> proxy.headTimeout(Duration.ofMillis(300)));
        RawHttp2 silent = new RawHttp2(connect(own.port)).begin();
        RawHttp2 half = new RawHttp2(connect(own.port)).begin()) {
      half.frame(RawHttp2.HEADERS, RawHttp2.END_STREAM, 1, RawHttp2.block(":method", "GET"));
      assertThat(silent.end()).isZero();
      half.end();
    }
  }

  /** It may say nothing for as long as it likes, which is no fault of its instance. */
  @Test
  void callThatSaysNothing_isCutInTheEnd_butItsInstanceIsNotReplaced() throws Exception {
    String[] call = {"content-type", "application/grpc", "te", "trailers"};
    RawInstance.with(
        (number, from) -> {
          from.frame(RawHttp2.SETTINGS, 0, 0);
          for (int stream : number == 1 ? new int[] {3, 7} : new int[] {3}) {
            String said = from.answer(stream).text();
            from.headers(stream, false, ":status", "200", "content-type", "application/grpc");
            from.data(stream, false, said).headers(stream, true, "grpc-status", "0");
          }
        },
        (client, connections) -> {
          client.request(1, "POST", "/S/M", false, call).data(1, true, "hello");
          String before = client.answer(1).head.get("autodeploy-instance");
          client.request(3, "POST", "/S/M", false, call);
          assertThat(client.answer(3).head).containsEntry("grpc-status", "14");
          client.request(5, "POST", "/S/M", false, call).data(5, true, "hello");
          RawHttp2.Answer after = client.answer(5);
          assertThat(after.text()).isEqualTo("hello");
          assertThat(before).isNotNull();
          assertThat(after.head).containsEntry("autodeploy-instance", before);
        },
        proxy -> {},
        spec -> spec.maxRequestTime(Duration.ofSeconds(1)));
  }
}
