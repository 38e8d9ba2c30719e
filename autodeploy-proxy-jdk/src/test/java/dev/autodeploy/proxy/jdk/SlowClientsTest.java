package dev.autodeploy.proxy.jdk;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.proxy.CorsPolicy;
import dev.autodeploy.proxy.Wake;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that take their time: none holds a thread or a connection for longer than the limits. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
final class SlowClientsTest {
  private static final Duration SHORT = Duration.ofMillis(300);
  private static final String TOKEN = "token-of-app-0123456789";
  private static final String NO_BODY = "Host: a\r\nContent-Length: 5\r\n";

  private static JdkLink link(boolean platformThreads, Consumer<JdkHttpProxy.Builder> settings)
      throws IOException {
    return new JdkLink(
        TestInstance.App.text("served"),
        spec -> {},
        proxy -> {
          proxy.stallTimeout(SHORT).headTimeout(SHORT);
          if (platformThreads) {
            proxy.platformThreads(8);
          }
          settings.accept(proxy);
        });
  }

  static Stream<Arguments> refused() {
    List<Arguments> all = new ArrayList<>();
    for (boolean platformThreads : new boolean[] {false, true}) {
      all.add(Arguments.of(401, "POST /d/app/", "", platformThreads));
      all.add(Arguments.of(404, "POST /nothing", "", platformThreads));
      all.add(Arguments.of(200, "POST /d/app/health", authorization(), platformThreads));
      all.add(
          Arguments.of(
              204,
              "OPTIONS /d/app/",
              "Origin: https://a.example\r\nAccess-Control-Request-Method: PUT\r\n",
              platformThreads));
    }
    return all.stream();
  }

  private static String authorization() {
    return "Authorization: Bearer " + TOKEN + "\r\n";
  }

  @ParameterizedTest
  @MethodSource("refused")
  void bodyThatNeverComes_ofARequestThatNoInstanceGets_endsTheConnection(
      int status, String line, String fields, boolean platformThreads) throws Exception {
    try (JdkLink link =
            link(
                platformThreads,
                proxy ->
                    proxy
                        .bearerToken("app", TOKEN)
                        .wake(Wake.never("/health"))
                        .cors(CorsPolicy.of("https://a.example")));
        RawClient client = link.client()) {
      client.send(line + " HTTP/1.1\r\n" + NO_BODY + fields + "\r\n");

      assertThat(client.rest()).startsWith("HTTP/1.1 " + status + " ");
      link.awaitQuiet();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"G", "GET /d/app/ HT", "GET /d/app/ HTTP/1.1\r\nHost", "\n", "\u0016\u0003"})
  void headThatNeverEnds_endsTheConnection(String head) throws Exception {
    for (boolean platformThreads : new boolean[] {false, true}) {
      try (JdkLink link = link(platformThreads, proxy -> {});
          RawClient client = link.client()) {
        client.send(head);

        assertThat(client.rest()).doesNotContain("200");
        assertThat(link.get("/d/app/").body).isEqualTo("served");
      }
    }
  }

  @Test
  void asManySlowHeadsAsThreads_stopTheOthersOnlyUpToTheLimit() throws Exception {
    try (JdkLink link = link(true, proxy -> {}).warm()) {
      List<RawClient> slow = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        slow.add(link.client().send("GET / HT"));
      }
      assertThat(link.get("/d/app/").body).isEqualTo("served");
      for (RawClient client : slow) {
        assertThat(client.rest()).isEmpty();
        client.close();
      }
    }
  }

  /** An interrupt that comes late must not hit the request, nor the next one on the thread. */
  @Test
  void headThatEndsJustAtTheLimit_isServedOrCut_butNothingElseIs() throws Exception {
    for (boolean platformThreads : new boolean[] {false, true}) {
      try (JdkLink link =
          link(platformThreads, proxy -> proxy.headTimeout(Duration.ofMillis(60))).warm()) {
        for (int i = 0; i < 60; i++) {
          try (RawClient client = link.client().send("GET /d/app/ HTTP/1.1\r\n")) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(55 + i % 30));
            String response;
            try {
              response = client.send("Host: a\r\nConnection: close\r\n\r\n").rest();
            } catch (IOException e) {
              response = "";
            }
            assertThat(response.isEmpty() || response.endsWith("served")).as(response).isTrue();
          }
          assertThat(link.get("/d/app/").body).isEqualTo("served");
        }
        link.awaitQuiet();
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("dev.autodeploy.proxy.contract.HostileRequestsContract#refused")
  void ambiguousRequest_ofAClientThatKeepsItsSideOpen_endsTheConnection(String name, String request)
      throws Exception {
    try (JdkLink link = link(false, proxy -> {}).warm();
        RawClient client = link.client()) {
      String response;
      try {
        response = client.send(request).rest();
      } catch (java.net.SocketTimeoutException e) {
        throw e;
      } catch (IOException e) {
        response = ""; // it was closed before all was sent
      }
      assertThat(response).doesNotContain("served");
      assertThat(link.instance().requests).isEmpty();
    }
  }

  @Test
  void clientThatReadsSlowlyButSteadily_isServedToTheEnd() throws Exception {
    Assumptions.assumeTrue(
        Files.isReadable(Path.of("/proc/self/net/tcp")), "only Linux tells how much was taken");
    int size = 4_000_000;
    byte[] body = new byte[size];
    TestInstance.App app =
        (request, out) -> {
          TestInstance.write(out, "HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n");
          out.write(body);
        };
    for (boolean platformThreads : new boolean[] {false, true}) {
      try (JdkLink link =
              new JdkLink(
                      app,
                      spec -> {},
                      proxy -> {
                        proxy.stallTimeout(Duration.ofSeconds(1));
                        if (platformThreads) {
                          proxy.platformThreads(8);
                        }
                      })
                  .warm();
          Socket socket = new Socket()) {
        socket.setReceiveBufferSize(32 * 1024);
        socket.setSoTimeout(20_000);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), link.port));
        socket
            .getOutputStream()
            .write("GET /d/app/ HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(US_ASCII));
        InputStream in = socket.getInputStream();
        byte[] some = new byte[8 * 1024];
        long read = 0;
        while (read < size) {
          int n = in.read(some);
          assertThat(n).as("after %s bytes", read).isPositive();
          read += n;
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(15));
        }
      }
    }
  }
}
