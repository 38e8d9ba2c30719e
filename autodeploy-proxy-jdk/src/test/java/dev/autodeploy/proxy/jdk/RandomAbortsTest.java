package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import java.io.IOException;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections that end wherever they like: nothing looks complete that is not, nothing leaks. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
final class RandomAbortsTest {
  private static final int LENGTH = 60_000;
  private static final String HEAD = "HTTP/1.1 200 OK\r\n";

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void instance_thatHangsUpAnywhere_neverLooksComplete(boolean okHttp) throws Exception {
    TestInstance.App cut =
        (request, out) -> {
          boolean chunked = request.target.contains("chunked");
          int at = Integer.parseInt(request.target.substring(request.target.indexOf('=') + 1));
          String response =
              chunked
                  ? HEAD
                      + "Transfer-Encoding: chunked\r\n\r\n"
                      + "2710\r\n".concat("x".repeat(10_000)).concat("\r\n").repeat(6)
                      + "0\r\n\r\n"
                  : HEAD + "Content-Length: " + LENGTH + "\r\n\r\n" + "x".repeat(LENGTH);
          TestInstance.write(out, response.substring(0, Math.min(at, response.length() - 1)));
          if (ThreadLocalRandom.current().nextBoolean()) {
            request.socket.setSoLinger(true, 0);
          }
          request.socket.close();
        };
    Random random = new Random(4_711);
    try (JdkLink link = new JdkLink(cut, spec -> {}, proxy -> proxy.okHttpOnly(okHttp)).warm()) {
      for (int round = 0; round < 500; round++) {
        String kind = round % 2 == 0 ? "chunked" : "measured";
        int at = random.nextInt(16) == 0 ? random.nextInt(80) : random.nextInt(LENGTH + 100);
        String what = kind + " cut at " + at;
        try {
          RawClient.Response response = link.get("/d/app/" + kind + "?at=" + at);
          assertThat(response.status).as(what).isEqualTo(502);
        } catch (java.net.SocketTimeoutException e) {
          throw new AssertionError(what + ": hangs", e);
        } catch (IOException e) {
          // Cut off, as it has to be.
        }
      }
      link.awaitQuiet();
      Await.until("the upstreams are closed", () -> link.instance().openConnections() == 0);
    }
  }

  @Test
  void clients_thatLeaveAnywhere_leaveNothingBehind() throws Exception {
    TestInstance.App slow =
        (request, out) -> {
          request.drain();
          TestInstance.write(out, HEAD + "Content-Length: " + LENGTH + "\r\n\r\n");
          TestInstance.write(out, "x".repeat(LENGTH));
        };
    String request =
        "POST /d/app/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n" + "y".repeat(5000);
    Random random = new Random(815);
    try (JdkLink link = new JdkLink(slow).warm()) {
      int before = Thread.activeCount();
      for (int round = 0; round < 500; round++) {
        RawClient client = link.client();
        try {
          if (random.nextBoolean()) {
            client.send(request.substring(0, random.nextInt(request.length())));
          } else {
            client.send(request);
            client.head();
            client.exactly(random.nextInt(LENGTH));
          }
        } finally {
          if (random.nextBoolean()) {
            client.reset();
          } else {
            client.close();
          }
        }
      }
      link.awaitQuiet();
      assertThat(link.get("/d/app/").body).hasSize(LENGTH);
      Await.until("threads end", () -> Thread.activeCount() < before + 40);
    }
  }

  @Test
  void slowHeads_ofAThousandConnections_doNotStopTheOthers() throws Exception {
    RawClient[] slow = new RawClient[1_000];
    try (JdkLink link = new JdkLink(TestInstance.App.text("x")).warm()) {
      for (int i = 0; i < slow.length; i++) {
        slow[i] = link.client().send("GET /d/app/ HT");
      }
      for (int i = 0; i < 20; i++) {
        assertThat(link.get("/d/app/").body).isEqualTo("x");
      }
      for (RawClient client : slow) {
        client.close();
      }
      link.awaitQuiet();
    }
  }
}
