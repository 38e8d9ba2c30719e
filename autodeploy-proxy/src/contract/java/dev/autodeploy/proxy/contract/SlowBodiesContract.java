package dev.autodeploy.proxy.contract;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.proxy.LinkBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that send or read so slowly that they would keep an instance for hours. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
public abstract class SlowBodiesContract extends LinkContract {
  private static final String POST = "POST /d/app/ HTTP/1.1\r\nHost: localhost\r\n";

  private static final TestInstance.App ECHO =
      (request, out) -> {
        String body = request.body();
        TestInstance.App.text("served" + body).respond(request, out);
      };

  private TestLink link(TestInstance.App app, Consumer<LinkBuilder<?>> settings)
      throws IOException {
    return link(app, spec -> spec.concurrency(1), settings);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Content-Length: 100\r\n\r\nx", "Content-Length: 65536\r\n\r\nxx"})
  void smallBody_thatIsNotComplete_neitherOccupiesNorStartsAnInstance(String begun)
      throws Exception {
    try (TestLink link = link(ECHO, proxy -> {});
        RawClient slow = link.client().send(POST + begun)) {
      Await.until("it is under way", () -> link.proxy.inFlight() == 1);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
      assertThat(link.provider.starts).isEmpty();

      for (int i = 0; i < 3; i++) {
        assertThat(link.get("/d/app/").body).isEqualTo("served");
      }
      Await.until("no lease is open", () -> link.app.status().inFlight() == 0);
      assertThat(slow.socket.isClosed()).isFalse();
    }
  }

  @Test
  void smallBody_thatComesInPieces_isServedWhenItIsComplete() throws Exception {
    try (TestLink link = link(ECHO, proxy -> {});
        RawClient slow = link.client()) {
      slow.send(POST + "Content-Length: 6\r\n\r\nab");
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
      assertThat(slow.send("cdef").response().body).isEqualTo("servedabcdef");
      slow.send(POST + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
      assertThat(slow.send("4\r\ncdef\r\n0\r\n\r\n").response().body).isEqualTo("servedabcdef");
      link.awaitQuiet();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Content-Length: 1000000", "Transfer-Encoding: chunked", "Content-Length: 9000"})
  void body_thatDripsIn_isCut_andItsInstanceServesOthers(String framing) throws Exception {
    for (Consumer<LinkBuilder<?>> limit :
        java.util.List.<Consumer<LinkBuilder<?>>>of(
            proxy -> proxy.stallTimeout(Duration.ofMillis(900)).minTransferRate(10_000),
            proxy -> proxy.requestBodyTimeout(Duration.ofMillis(500)).minTransferRate(0))) {
      try (TestLink link = link(ECHO, limit);
          RawClient slow = link.client()) {
        link.warm();
        slow.send(POST + framing + "\r\n\r\n");
        assertThat(drip(slow, framing.startsWith("T") ? "1\r\nx\r\n" : "x", 10_000))
            .as("cut off")
            .isTrue();

        assertThat(link.get("/d/app/").body).isEqualTo("served");
        link.awaitQuiet();
      }
    }
  }

  /** A chunk that is long enough to be streamed, and then drips. */
  @Test
  void body_thatDripsAfterItsBeginning_isCut() throws Exception {
    try (TestLink link =
            link(
                ECHO,
                proxy -> proxy.stallTimeout(Duration.ofMillis(900)).minTransferRate(200_000));
        RawClient slow = link.client()) {
      link.warm();
      slow.send(POST + "Content-Length: 200000\r\n\r\n" + "x".repeat(100_000));
      assertThat(drip(slow, "x", 10_000)).as("cut off").isTrue();

      assertThat(link.get("/d/app/").body).isEqualTo("served");
      link.awaitQuiet();
    }
  }

  @Test
  void body_ofASlowLine_isServed() throws Exception {
    try (TestLink link = link(ECHO, proxy -> proxy.stallTimeout(Duration.ofMillis(600)));
        RawClient slow = link.client()) {
      slow.send(POST + "Content-Length: 90000\r\n\r\n");
      for (int i = 0; i < 30; i++) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(60));
        slow.send("x".repeat(3_000));
      }
      assertThat(slow.response().body).isEqualTo("served" + "x".repeat(90_000));
    }
  }

  @Test
  void clientThatReadsTooSlowly_isCut_andItsInstanceServesOthers() throws Exception {
    Assumptions.assumeTrue(
        Files.isReadable(Path.of("/proc/self/net/tcp")), "only Linux tells how much was taken");
    int size = 40_000_000;
    byte[] body = new byte[size];
    TestInstance.App app =
        (request, out) -> {
          if (request.target.equals("/small")) {
            TestInstance.write(out, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nserved");
            return;
          }
          TestInstance.write(out, "HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n");
          out.write(body);
        };
    try (TestLink link =
            link(
                app,
                proxy -> proxy.stallTimeout(Duration.ofSeconds(1)).minTransferRate(50_000_000));
        Socket socket = new Socket()) {
      link.warm();
      socket.setReceiveBufferSize(32 * 1024);
      socket.setSoTimeout(20_000);
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), link.port));
      socket
          .getOutputStream()
          .write("GET /d/app/ HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(US_ASCII));
      InputStream in = socket.getInputStream();
      byte[] some = new byte[8 * 1024];
      Thread reader =
          new Thread(
              () -> {
                try {
                  while (in.read(some) >= 0) {
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(15));
                  }
                } catch (IOException e) {
                  // It was cut.
                }
              });
      reader.start();

      assertThat(link.get("/d/app/small").body).isEqualTo("served");
      reader.join(1_000);
    }
  }

  /** Returns whether the connection ended. */
  private static boolean drip(RawClient client, String piece, long millis) {
    long begun = System.nanoTime();
    while (System.nanoTime() - begun < millis * 1_000_000) {
      try {
        client.send(piece);
      } catch (IOException e) {
        return true;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
    return false;
  }
}
