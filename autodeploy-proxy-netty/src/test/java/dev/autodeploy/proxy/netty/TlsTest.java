package dev.autodeploy.proxy.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestCertificate;
import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.TestLink;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Links over TLS. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
final class TlsTest {
  private static final String GET = "GET /d/app/x HTTP/1.1\r\nHost: a\r\n\r\n";
  private static final String UPGRADE =
      "GET /d/app/chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

  @TempDir static Path directory;
  private static SSLContext tls;

  @BeforeAll
  static void makeCertificate() throws Exception {
    tls = new TestCertificate(directory, "san=dns:localhost,ip:127.0.0.1").context();
  }

  private static TestLink link(TestInstance.App app, Consumer<NettyHttpProxy.Builder> settings)
      throws IOException {
    return new TestLink(
        app,
        spec -> {},
        engine -> {
          NettyHttpProxy.Builder builder = NettyFront.of(engine).sslContext(tls);
          settings.accept(builder);
          return builder;
        });
  }

  private static RawClient client(TestLink link, String... protocols) throws IOException {
    SSLSocket socket =
        (SSLSocket)
            tls.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), link.port);
    if (protocols.length > 0) {
      socket.setEnabledProtocols(protocols);
    }
    socket.setSoTimeout(20_000);
    socket.startHandshake();
    return new RawClient(socket);
  }

  private static TestInstance.App echo() {
    return (request, out) -> {
      TestInstance.write(
          out,
          "HTTP/1.1 200 OK\r\nContent-Length: " + request.field("Content-Length") + "\r\n\r\n");
      request.copyBody(out);
    };
  }

  private static CompletableFuture<Void> send(RawClient client, long total) {
    byte[] block = new byte[1 << 16];
    return CompletableFuture.runAsync(
        () -> {
          try {
            for (long i = 0; i < total; i += block.length) {
              client.out().write(block);
            }
          } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void requests_areServed_andTheConnectionIsKept(String protocol) throws Exception {
    try (TestLink link = link(TestInstance.App.text("secret"), proxy -> {});
        RawClient client = client(link, protocol)) {
      assertThat(link.proxy.serviceLink(link.app)).hasScheme("https");
      client.send(GET + GET);
      assertThat(client.response().body).isEqualTo("secret");
      assertThat(client.response().body).isEqualTo("secret");
      assertThat(client.send(GET).response().body).isEqualTo("secret");
      assertThat(link.instance().requests.get(0).field("X-Forwarded-Proto")).isEqualTo("https");
    }
  }

  @Test
  void secondHandshakeOnAConnection_isRefused() throws Exception {
    try (TestLink link = link(TestInstance.App.text("secret"), proxy -> {});
        SSLSocket socket =
            (SSLSocket)
                tls.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), link.port)) {
      socket.setEnabledProtocols(new String[] {"TLSv1.2"});
      socket.setSoTimeout(20_000);
      RawClient client = new RawClient(socket);
      assertThat(client.send(GET).response().body).isEqualTo("secret");

      assertThatThrownBy(
              () -> {
                socket.startHandshake();
                client.send(GET).response();
              })
          .isInstanceOf(IOException.class)
          .isNotInstanceOf(SocketTimeoutException.class);
    }
  }

  @Test
  void dedicatedPort_isServedOverTls() throws Exception {
    try (TestLink link =
        link(TestInstance.App.text("secret"), proxy -> proxy.dedicatedPort("app", 0))) {
      Socket socket =
          tls.getSocketFactory()
              .createSocket(InetAddress.getLoopbackAddress(), link.proxy.dedicatedPort("app"));
      try (RawClient client = new RawClient(socket)) {
        assertThat(client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").response().body)
            .isEqualTo("secret");
      }
    }
  }

  @Test
  void bodies_passBothWays() throws Exception {
    int total = 32 << 20;
    try (TestLink link = link(echo(), proxy -> {}).warm();
        RawClient client = client(link)) {
      client.send("POST /d/app/ HTTP/1.1\r\nHost: a\r\nContent-Length: " + total + "\r\n\r\n");
      CompletableFuture<Void> sent = send(client, total);
      assertThat(client.head().status).isEqualTo(200);
      client.exactly(total);
      sent.get(20, TimeUnit.SECONDS);
      link.awaitQuiet();
    }
  }

  @Test
  void refusalOfABigBody_reachesAClientThatReadsOnlyAfterwards() throws Exception {
    int total = 4 << 20;
    try (TestLink link =
            link(
                TestInstance.App.text("x"), proxy -> proxy.bearerToken("app", "0123456789abcdef"));
        RawClient client = client(link)) {
      client.send("POST /d/app/ HTTP/1.1\r\nHost: a\r\nContent-Length: " + total + "\r\n\r\n");
      send(client, total).get(20, TimeUnit.SECONDS);
      assertThat(client.response().status).isEqualTo(401);
    }
  }

  @Test
  void upgrade_isATunnel_whoseHalvesEndByThemselves() throws Exception {
    TestInstance.App app =
        (request, out) -> {
          TestInstance.write(
              out,
              "HTTP/1.1 101 Switching Protocols\r\n"
                  + "Connection: Upgrade\r\n"
                  + "Upgrade: websocket\r\n\r\n"
                  + "hello");
          InputStream in = request.socket.getInputStream();
          byte[] all = in.readAllBytes();
          TestInstance.write(out, "got " + all.length);
          throw new IOException("done");
        };
    try (TestLink link = link(app, proxy -> {}).warm();
        RawClient client = client(link)) {
      client.send(UPGRADE + "early");
      assertThat(client.head().status).isEqualTo(101);
      assertThat(new String(client.exactly(5), ISO_8859_1)).isEqualTo("hello");
      send(client, 8 << 20).get(20, TimeUnit.SECONDS);
      client.socket.shutdownOutput();
      assertThat(client.rest()).isEqualTo("got " + ((8 << 20) + 5));
      link.awaitQuiet();
    }
  }

  @Test
  void heldClientThatLeaves_isNoticedAtOnce() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x"), proxy -> {})) {
      link.provider.gate = new CompletableFuture<>();
      for (boolean reset : new boolean[] {false, true}) {
        RawClient client = client(link).send(GET);
        link.awaitHeld(1);
        if (reset) {
          client.reset();
        } else {
          client.close();
        }
        Await.until("it is given up", () -> link.app.status().pending() == 0);
        link.awaitQuiet();
      }
      link.provider.gate.complete(null);
    }
  }

  /** HTTP/1.0 has no other end than the connection's, which TLS has to tell from a cut. */
  @Test
  void responseUntilTheEnd_isToldFromOneThatIsCut() throws Exception {
    String get = "GET /d/app/ HTTP/1.0\r\nHost: a\r\n\r\n";
    String head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
    try (TestLink link = link(TestInstance.App.raw(head + "0\r\n\r\n"), proxy -> {}).warm();
        RawClient client = client(link)) {
      assertThat(client.send(get).response().body).isEqualTo("hello");
    }
    TestInstance.App cut =
        (request, out) -> {
          TestInstance.write(out, head);
          throw new IOException("it dies");
        };
    for (String protocol : new String[] {"TLSv1.2", "TLSv1.3"}) {
      try (TestLink link = link(cut, proxy -> {}).warm();
          RawClient client = client(link, protocol)) {
        assertThatThrownBy(() -> client.send(get).response()).isInstanceOf(IOException.class);
        link.awaitQuiet();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", GET, "\u0016\u0003\u0001\u0001"})
  void clientWithoutAHandshake_isDisconnected_andOthersAreServed(String sent) throws Exception {
    try (TestLink link =
            link(
                TestInstance.App.text("x"),
                proxy -> proxy.headTimeout(Duration.ofMillis(500)).maxUnfinishedHeads(4));
        RawClient plain = new RawClient(link.port)) {
      plain.send(sent);
      try (RawClient client = client(link)) {
        assertThat(client.send(GET).response().status).isEqualTo(200);
      }
      plain.socket.setSoTimeout(5_000);
      assertThat(plain.rest()).doesNotContain("HTTP");
      assertThat(link.provider.starts).hasSize(1);
    }
  }

  @Test
  void handshakes_moreThanThereMayBe_makeRoom() throws Exception {
    try (TestLink link =
        link(
            TestInstance.App.text("x"),
            proxy -> proxy.headTimeout(Duration.ofMinutes(2)).maxUnfinishedHeads(4))) {
      for (int i = 0; i < 40; i++) {
        try {
          link.client().send("\u0016\u0003\u0001\u0001");
        } catch (IOException e) {
          // On a busy machine it has made room already.
        }
      }
      WaitingClients heads = ((NettyHttpProxy) link.proxy).front().unfinishedHeads();
      Await.until("room is made", () -> heads.size() <= 4);
      // The last of the others may be accepted only now, and take a client's place.
      Await.until("a client is served", () -> isServed(link));
      for (int i = 0; i < 5; i++) {
        try (RawClient client = client(link)) {
          assertThat(client.send(GET).response().status).isEqualTo(200);
        }
      }
    }
  }

  private static boolean isServed(TestLink link) {
    try (RawClient client = client(link)) {
      return client.send(GET).response().status == 200;
    } catch (IOException e) {
      return false;
    }
  }
}
