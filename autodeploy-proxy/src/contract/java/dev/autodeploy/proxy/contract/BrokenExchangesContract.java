package dev.autodeploy.proxy.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
public abstract class BrokenExchangesContract extends LinkContract {
  private static final String GET = "GET /d/app/ HTTP/1.1\r\nHost: a\r\n\r\n";
  protected static final String CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

  /** Answers, and closes the connection. */
  protected static TestInstance.App thenClose(String response) {
    return (request, out) -> {
      TestInstance.write(out, response);
      request.socket.close();
    };
  }

  /** Answers, and resets the connection. */
  private static TestInstance.App thenReset(String response) {
    return (request, out) -> {
      TestInstance.write(out, response);
      request.socket.setSoLinger(true, 0);
      request.socket.close();
    };
  }

  protected static void assertLooksBroken(TestLink link, boolean held) throws Exception {
    if (held) {
      link.provider.gate = new CompletableFuture<>();
    } else {
      link.warm();
    }
    try (RawClient client = link.client().send(GET)) {
      if (held) {
        link.awaitHeld(1);
        link.provider.gate.complete(null);
      }
      RawClient.Response response;
      try {
        response = client.response();
      } catch (IOException e) {
        assertThat(e).isNotInstanceOf(java.net.SocketTimeoutException.class);
        link.awaitQuiet();
        return; // cut off, as it has to be
      }
      assertThat(response.status).as("an answer that looks complete: " + response).isEqualTo(502);
      link.awaitQuiet();
    }
  }

  @ParameterizedTest
  @CsvSource({"false, 0", "false, 1", "false, 5000", "false, 100000", "true, 1", "true, 100000"})
  void chunkedAnswer_thatBreaksOff_neverLooksComplete(boolean held, int bytes) throws Exception {
    String chunk =
        bytes == 0 ? "" : Integer.toHexString(bytes) + "\r\n" + "x".repeat(bytes) + "\r\n";
    try (TestLink link = link(thenClose(CHUNKED + chunk))) {
      assertLooksBroken(link, held);
    }
  }

  @ParameterizedTest
  @CsvSource({"false, 0", "false, 1", "false, 99999", "true, 0", "true, 1", "true, 99999"})
  void answerWithLength_thatBreaksOff_neverLooksComplete(boolean held, int bytes) throws Exception {
    String response = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + "x".repeat(bytes);
    try (TestLink link = link(thenClose(response))) {
      assertLooksBroken(link, held);
    }
  }

  @Test
  void badChunk_neverLooksComplete() throws Exception {
    for (String bad : new String[] {"zz\r\nhello\r\n0\r\n\r\n", "5\r\nhelloX", "-1\r\n", "\r\n"}) {
      try (TestLink link = link(thenClose(CHUNKED + bad))) {
        assertLooksBroken(link, false);
      }
    }
  }

  @Test
  void answerUntilTheConnectionEnds_isCompleteByItsEndAndBrokenByAReset() throws Exception {
    String response = "HTTP/1.1 200 OK\r\n\r\nhello";
    try (TestLink link = link(thenClose(response)).warm()) {
      assertThat(link.get("/d/app/").body).isEqualTo("hello");
      link.awaitQuiet();
      link.provider.app = thenReset(response);
      assertThatThrownBy(() -> link.get("/d/app/")).isInstanceOf(IOException.class);
      link.awaitQuiet();
    }
  }

  @Test
  void instanceThatDiesWhileItAnswers_breaksTheAnswerAndGivesTheLeaseBack() throws Exception {
    TestInstance.App endless =
        (request, out) -> {
          TestInstance.write(out, "HTTP/1.1 200 OK\r\n\r\nhello");
          request.socket.getInputStream().read();
        };
    try (TestLink link = link(endless).warm();
        RawClient client = link.client().send(GET)) {
      assertThat(client.head().status).isEqualTo(200);
      link.provider.crash(link.provider.starts.get(0).instanceId(), 3);

      assertThat(client.rest()).contains("hello").doesNotContain("\r\n0\r\n");
      link.awaitQuiet();
    }
  }

  @Test
  void instanceThatDiesBeforeItAnswers_isToldWithItsExitCode() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    TestInstance.App hang =
        (request, out) -> {
          asked.countDown();
          request.socket.getInputStream().read();
        };
    try (TestLink link = link(hang).warm();
        RawClient client =
            link.client().send("POST /d/app/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")) {
      asked.await();
      // The engine hears of the end before the connection breaks.
      link.provider.exit(link.provider.starts.get(0).instanceId(), 3);

      RawClient.Response response = client.response();
      assertThat(response.status).isEqualTo(502);
      assertThat(response.body)
          .contains("instance-broke-exchange")
          .contains("\"exitCode\":3")
          .contains("\"logTail\":[\"boom\"]");
      link.awaitQuiet();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "HEAD", "DELETE", "OPTIONS"})
  void idempotentRequest_thatGotNoAnswer_isSentAgain(String method) throws Exception {
    AtomicInteger times = new AtomicInteger();
    TestInstance.App second =
        (request, out) -> {
          if (times.incrementAndGet() == 1) {
            request.socket.close();
          } else {
            TestInstance.write(out, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
          }
        };
    try (TestLink link = link(second).warm()) {
      assertThat(link.ask(method + " /d/app/ HTTP/1.1\r\nHost: a\r\n\r\n").status).isEqualTo(200);
      assertThat(times).hasValue(2);
      link.awaitQuiet();
    }
  }

  @Test
  void idempotentRequest_isSentAgainThreeTimesAtTheMost() throws Exception {
    AtomicInteger times = new AtomicInteger();
    TestInstance.App never =
        (request, out) -> {
          times.incrementAndGet();
          request.socket.close();
        };
    try (TestLink link = link(never).warm()) {
      assertThat(link.get("/d/app/").status).isEqualTo(502);
      assertThat(times).hasValue(3);
      link.awaitQuiet();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "POST /d/app/ HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "PUT /d/app/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
      })
  void requestThatMayHaveBeenCarriedOut_orWhoseBodyIsGone_isNotSentAgain(String request)
      throws Exception {
    AtomicInteger times = new AtomicInteger();
    TestInstance.App never =
        (asked, out) -> {
          times.incrementAndGet();
          asked.drain();
          asked.socket.close();
        };
    try (TestLink link = link(never).warm()) {
      assertThat(link.ask(request).status).isEqualTo(502);
      assertThat(times).hasValue(1);
    }
  }

  @Test
  void instanceThatDied_isReplacedForAnIdempotentRequest() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    TestInstance.App hangOnce =
        (request, out) -> {
          if (asked.getCount() > 0) {
            asked.countDown();
            request.socket.getInputStream().read();
          } else {
            TestInstance.App.text("second").respond(request, out);
          }
        };
    try (TestLink link = link(hangOnce).warm();
        RawClient client = link.client().send(GET)) {
      asked.await();
      link.provider.crash(link.provider.starts.get(0).instanceId(), 1);

      assertThat(client.response().body).isEqualTo("second");
      assertThat(link.provider.starts).hasSize(2);
      link.awaitQuiet();
    }
  }

  @ParameterizedTest
  @CsvSource({"true, false", "false, false", "true, true", "false, true"})
  void clientThatAbortsTheDownload_endsTheUpstreamCallAndTheLease(boolean reset, boolean chunked)
      throws Exception {
    byte[] block = new byte[1 << 16];
    TestInstance.App endless =
        (request, out) -> {
          TestInstance.write(
              out, chunked ? CHUNKED : "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n");
          while (true) {
            if (chunked) {
              TestInstance.write(out, "10000\r\n");
            }
            out.write(block);
            if (chunked) {
              TestInstance.write(out, "\r\n");
            }
          }
        };
    try (TestLink link = link(endless).warm()) {
      RawClient client = link.client().send(GET);
      client.head();
      client.exactly(100_000);
      if (reset) {
        client.reset();
      } else {
        client.close();
      }

      link.awaitQuiet();
      Await.until("the upstream is closed", () -> link.instance().openConnections() == 0);
    }
  }

  @Test
  void clientThatAbortsTheUpload_endsTheUpstreamCallAndTheLease() throws Exception {
    try (TestLink link =
        link((request, out) -> {
              request.drain();
              TestInstance.App.text("complete").respond(request, out);
            })
            .warm()) {
      for (String framing : new String[] {"Content-Length: 100000", "Transfer-Encoding: chunked"}) {
        RawClient client =
            link.client()
                .send("POST /d/app/ HTTP/1.1\r\nHost: a\r\n" + framing + "\r\n\r\n5\r\nhello\r\n");
        Await.until("it is served", () -> link.app.status().inFlight() == 1);
        client.close();
        link.awaitQuiet();
        Await.until("the upstream is closed", () -> link.instance().openConnections() == 0);
      }
    }
  }

  @Test
  void clientThatDoesNotRead_isDisconnectedAfterTheStallTimeout() throws Exception {
    byte[] block = new byte[1 << 16];
    TestInstance.App endless =
        (request, out) -> {
          TestInstance.write(out, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n");
          while (true) {
            out.write(block);
          }
        };
    try (TestLink link =
            link(endless, spec -> {}, proxy -> proxy.stallTimeout(Duration.ofMillis(300))).warm();
        RawClient client = link.client().send(GET)) {
      client.head();
      Await.until("it is served", () -> link.app.status().inFlight() == 1);
      link.awaitQuiet();
      Await.until("the upstream is closed", () -> link.instance().openConnections() == 0);
    }
  }

  @Test
  void clientThatDoesNotSendItsBody_isDisconnectedAfterTheStallTimeout() throws Exception {
    try (TestLink link =
            link(
                    (request, out) -> request.drain(),
                    spec -> {},
                    proxy -> proxy.stallTimeout(Duration.ofMillis(300)))
                .warm();
        RawClient client =
            link.client()
                .send("POST /d/app/ HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc")) {
      Await.until("it is served", () -> link.app.status().inFlight() == 1);
      link.awaitQuiet();
      assertThat(client.rest()).doesNotContain("200");
    }
  }

  @Test
  void instanceThatDoesNotAnswer_isGivenUpAfterTheAnswerTimeout() throws Exception {
    TestInstance.App never = (request, out) -> request.socket.getInputStream().read();
    try (TestLink link =
        link(never, spec -> {}, proxy -> proxy.responseTimeout(Duration.ofMillis(200))).warm()) {
      RawClient.Response response = link.get("/d/app/");

      assertThat(response.status).isEqualTo(504);
      assertThat(response.body).contains("answer-timeout").contains("200 ms");
      link.awaitQuiet();
    }
  }

  @Test
  void instanceThatStopsInTheMiddleOfItsAnswer_isGivenUpAfterTheAnswerTimeout() throws Exception {
    TestInstance.App half =
        (request, out) -> {
          TestInstance.write(out, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc");
          request.socket.getInputStream().read();
        };
    // Long enough for the head, which is a 504 otherwise, and keeps the connection.
    try (TestLink link =
            link(half, spec -> {}, proxy -> proxy.responseTimeout(Duration.ofSeconds(2))).warm();
        RawClient client = link.client()) {
      client.send("GET /d/app/ HTTP/1.1\r\nHost: a\r\n\r\n");

      assertThat(client.rest()).startsWith("HTTP/1.1 200").endsWith("abc");
      link.awaitQuiet();
    }
  }

  @Test
  void answerThatPauses_forLessThanTheAnswerTimeoutEachTime_isDeliveredWhole() throws Exception {
    TestInstance.App slow =
        (request, out) -> {
          TestInstance.write(out, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n");
          for (int i = 0; i < 8; i++) {
            LockSupport.parkNanos(500_000_000);
            TestInstance.write(out, "x");
          }
        };
    try (TestLink link =
        link(slow, spec -> {}, proxy -> proxy.responseTimeout(Duration.ofMillis(2500))).warm()) {
      RawClient.Response response = link.get("/d/app/");

      assertThat(response.status).isEqualTo(200);
      assertThat(response.body).isEqualTo("xxxxxxxx");
    }
  }

  @Test
  void earlyAnswer_toARequestWhoseBodyNeverCame_isDelivered() throws Exception {
    TestInstance.App early =
        (request, out) -> {
          TestInstance.write(
              out, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
          request.socket.close();
        };
    try (TestLink link =
            link(early, spec -> {}, proxy -> proxy.stallTimeout(Duration.ofMillis(500))).warm();
        RawClient client = link.client()) {
      client.send("POST /d/app/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
      OutputStream out = client.out();
      try {
        for (int i = 0; i < 1000; i++) {
          out.write(new byte[1000]);
        }
      } catch (IOException e) {
        // It may be cut off.
      }
      link.awaitQuiet();
    }
  }
}
