package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.internal.net.HostLookup;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Instances whose address is a name, with a name service that hangs or answers. */
@Timeout(20)
final class UpstreamLookupTest {
  private final CountDownLatch answer = new CountDownLatch(1);

  @AfterEach
  void endLookups() {
    answer.countDown();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void nameServiceThatHangs_isWaitedForAsLongAsForAConnection(boolean ownSocket) throws Exception {
    HostLookup hanging =
        new HostLookup(
            host -> {
              awaitAnswer();
              return List.of(InetAddress.getLoopbackAddress());
            });
    URI endpoint = URI.create("http://gpu.lan:8080");
    try (Upstream upstream = upstream(ownSocket, endpoint, Duration.ofMillis(50), hanging)) {
      Upstream.Call call = upstream.prepare(get());
      assertThatThrownBy(call::execute)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("the address of 'gpu.lan' was not found within 50 ms")
          .hasMessageContaining("the name service does not answer");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void name_isThatOfTheAddressThatIsFound(boolean ownSocket) throws Exception {
    HostLookup lookup =
        new HostLookup(
            host -> {
              assertThat(host).isEqualTo("gpu.lan");
              return List.of(InetAddress.getLoopbackAddress());
            });
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      CompletableFuture<String> asked = CompletableFuture.supplyAsync(() -> serve(server));
      URI endpoint = URI.create("http://gpu.lan:" + server.getLocalPort());
      try (Upstream upstream = upstream(ownSocket, endpoint, Duration.ofSeconds(5), lookup);
          Upstream.Response response = upstream.prepare(get()).execute()) {
        assertThat(response.status()).isEqualTo(204);
        assertThat(asked.get()).startsWith("GET / HTTP/1.1\r\n");
      }
    }
  }

  private static Upstream upstream(
      boolean ownSocket, URI endpoint, Duration connectTimeout, HostLookup lookup) {
    return ownSocket
        ? new SocketUpstream(endpoint, connectTimeout, lookup)
        : new OkHttpUpstream(endpoint, connectTimeout, lookup);
  }

  private static Upstream.Request get() {
    return new Upstream.Request(
        new Relay.Request("GET", "/", new HttpHeaders(), 0), InputStream.nullInputStream());
  }

  private static String serve(ServerSocket server) {
    try (Socket socket = server.accept()) {
      byte[] head = new byte[1000];
      int length = socket.getInputStream().read(head);
      socket.getOutputStream().write("HTTP/1.1 204 No Content\r\n\r\n".getBytes(ISO_8859_1));
      return new String(head, 0, length, ISO_8859_1);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private void awaitAnswer() {
    try {
      answer.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
