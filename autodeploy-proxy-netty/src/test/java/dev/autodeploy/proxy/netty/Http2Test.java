package dev.autodeploy.proxy.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.LinkContract;
import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.TestLink;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Clients that speak HTTP/2, to instances that speak HTTP/1.1. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
final class Http2Test extends LinkContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return NettyFront.of(engine);
  }

  private static TestInstance.App echo() {
    return (request, out) -> {
      String length = request.field("Content-Length");
      TestInstance.write(
          out,
          "HTTP/1.1 200 OK\r\nX-Case: Kept\r\n"
              + (length == null ? "Connection: close\r\n" : "Content-Length: " + length + "\r\n")
              + "\r\n");
      request.copyBody(out);
      if (length == null) {
        throw new IOException("done");
      }
    };
  }

  @Test
  void request_becomesOneOfHttp1_andItsResponseOneOfHttp2() throws Exception {
    try (TestLink link = link(TestInstance.App.text("hello"));
        RawHttp2 client = new RawHttp2(link.port).begin()) {
      client.get(1, "/d/app/x?y=|", "cookie", "a=1", "cookie", "b=2", "te", "trailers");
      RawHttp2.Answer answer = client.answer(1);
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.text()).isEqualTo("hello");
      assertThat(answer.head)
          .containsEntry("content-length", "5")
          .containsKey("autodeploy-instance")
          .containsKey("date");
      TestInstance.Request seen = link.instance().requests.get(0);
      assertThat(seen.target).isEqualTo("/x?y=|");
      assertThat(seen.fields("cookie")).containsExactly("a=1; b=2");
      assertThat(seen.field("Via")).isEqualTo("2 autodeploy");
      assertThat(seen.field("X-Forwarded-Host")).isEqualTo("a");

      client.request(3, "HEAD", "/d/app/x", true);
      RawHttp2.Answer head = client.answer(3);
      assertThat(head.head).containsEntry("content-length", "5");
      assertThat(head.text()).isEmpty();
      client.get(5, "/d/nobody/");
      assertThat(client.answer(5).status()).isEqualTo(404);
      assertThat(client.get(7, "/d/app/").answer(7).status()).isEqualTo(200);
      link.awaitQuiet();
    }
  }

  @Test
  void bodies_passBothWays_withAndWithoutALength() throws Exception {
    try (TestLink link = link(echo()).warm();
        RawHttp2 client = new RawHttp2(link.port).begin()) {
      client.request(1, "POST", "/d/app/", false, "content-length", "10");
      client.data(1, false, "hello").data(1, true, "world");
      assertThat(client.answer(1).text()).isEqualTo("helloworld");

      client.request(3, "POST", "/d/app/", false).data(3, false, "hello");
      client.data(3, true, "!");
      assertThat(client.answer(3).text()).isEqualTo("hello!");
      assertThat(link.instance().requests.get(1).field("Transfer-Encoding")).isEqualTo("chunked");
      link.awaitQuiet();
    }
  }

  @Test
  void trailersAndEarlyHints_pass() throws Exception {
    TestInstance.App app =
        TestInstance.App.raw(
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "2\r\nok\r\n0\r\nDigest: d\r\n\r\n");
    try (TestLink link = link(app).warm();
        RawHttp2 client = new RawHttp2(link.port).begin()) {
      RawHttp2.Answer answer = client.get(1, "/d/app/").answer(1);
      assertThat(answer.head).containsEntry("link", "x").containsEntry(":status", "200");
      assertThat(answer.trailers).containsExactly(java.util.Map.entry("digest", "d"));
      link.awaitQuiet();
    }
  }

  @Test
  void heldStreamThatIsReset_isGivenUpAtOnce_andTheOthersAreServed() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x"));
        RawHttp2 client = new RawHttp2(link.port).begin()) {
      link.provider.gate = new CompletableFuture<>();
      for (int i = 0; i < 20; i++) {
        client.get(1 + 2 * i, "/d/app/" + i);
      }
      link.awaitHeld(20);
      long left = System.nanoTime();
      for (int i = 0; i < 10; i++) {
        client.reset(1 + 2 * i, 8);
      }
      link.awaitHeld(10);
      assertThat(System.nanoTime() - left).isLessThan(TimeUnit.SECONDS.toNanos(2));
      link.provider.gate.complete(null);
      for (int i = 10; i < 20; i++) {
        assertThat(client.answer(1 + 2 * i).status()).isEqualTo(200);
      }
      assertThat(link.instance().requests).hasSize(10);
      link.awaitQuiet();
    }
  }

  @Test
  void servedStreamThatIsReset_orWhoseConnectionEnds_isGivenUp() throws Exception {
    TestInstance.App silent = (request, out) -> request.socket.getInputStream().read();
    try (TestLink link = link(silent).warm()) {
      for (boolean reset : new boolean[] {true, false}) {
        RawHttp2 client = new RawHttp2(link.port).begin();
        client.get(1, "/d/app/");
        Await.until("it is served", () -> link.app.status().inFlight() == 1);
        if (reset) {
          client.reset(1, 8);
        } else {
          client.close();
        }
        link.awaitQuiet();
        client.close();
      }
      Await.until("the instance is told", () -> link.instance().openConnections() == 0);
    }
  }

  @Test
  void responseThatBreaksOff_resetsItsStreamAndNoOther() throws Exception {
    TestInstance.App app =
        (request, out) -> {
          if (request.target.equals("/good")) {
            TestInstance.App.text("good").respond(request, out);
            return;
          }
          TestInstance.write(out, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
          throw new IOException("it dies");
        };
    try (TestLink link = link(app).warm();
        RawHttp2 client = new RawHttp2(link.port).begin()) {
      RawHttp2.Answer cut = client.get(1, "/d/app/bad").answer(1);
      assertThat(cut.ended).isFalse();
      assertThat(cut.reset).isEqualTo(2); // INTERNAL_ERROR
      assertThat(client.get(3, "/d/app/good").answer(3).text()).isEqualTo("good");
      link.awaitQuiet();
    }
  }

  @Test
  void clientThatDoesNotRead_holdsUpItsInstanceAndNotTheOthers() throws Exception {
    CountDownLatch blocked = new CountDownLatch(1);
    TestInstance.App app =
        (request, out) -> {
          if (request.target.equals("/small")) {
            TestInstance.App.text("small").respond(request, out);
            return;
          }
          byte[] block = new byte[1 << 16];
          TestInstance.write(out, "HTTP/1.1 200 OK\r\nContent-Length: " + (1L << 32) + "\r\n\r\n");
          for (long i = 0; i < 1L << 32; i += block.length) {
            out.write(block);
            if (i > 64 << 20) {
              blocked.countDown();
            }
          }
        };
    try (TestLink link = link(app).warm();
        RawHttp2 client = new RawHttp2(link.port).begin()) { // with windows of 64 KB
      client.get(1, "/d/app/big");
      client.window(0, 1 << 20);
      assertThat(client.get(3, "/d/app/small").answer(3).text()).isEqualTo("small");
      assertThat(blocked.await(500, TimeUnit.MILLISECONDS)).isFalse();
      client.reset(1, 8);
      link.awaitQuiet();
    }
  }

  @Test
  void refusedUpload_isAnswered_andItsStreamReset() throws Exception {
    try (TestLink link =
            link(
                TestInstance.App.text("x"),
                spec -> {},
                proxy -> proxy.bearerToken("app", "0123456789abcdef"));
        RawHttp2 client = new RawHttp2(link.port).begin()) {
      client.request(1, "POST", "/d/app/", false, "content-length", "1000000");
      client.data(1, false, "x".repeat(16_000));
      RawHttp2.Answer answer = client.answer(1);
      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.ended).isTrue();
      RawHttp2.Frame frame = client.next();
      while (frame.type() != RawHttp2.RST_STREAM) {
        frame = client.next();
      }
      assertThat(frame.word(0)).isZero(); // NO_ERROR: the answer is valid
      assertThat(link.provider.starts).isEmpty();
    }
  }

  @Test
  void closingProxy_saysGoAway_andServesWhatIsUnderWay() throws Exception {
    CompletableFuture<Void> go = new CompletableFuture<>();
    TestInstance.App app =
        (request, out) -> {
          go.join();
          TestInstance.App.text("late").respond(request, out);
        };
    try (TestLink link = link(app).warm();
        RawHttp2 client = new RawHttp2(link.port).begin()) {
      client.get(1, "/d/app/");
      Await.until("it is served", () -> link.app.status().inFlight() == 1);
      CompletableFuture<Void> closed = CompletableFuture.runAsync(link.proxy::close);
      RawHttp2.Frame frame = client.next();
      while (frame.type() != RawHttp2.GOAWAY) {
        frame = client.next();
      }
      assertThat(frame.word(4)).isZero();
      client.get(3, "/d/app/");
      assertThat(client.answer(3).status()).isEqualTo(503);
      go.complete(null);
      assertThat(client.answer(1).text()).isEqualTo("late");
      assertThat(client.end()).isEqualTo(-1);
      closed.get(20, TimeUnit.SECONDS);
    }
  }
}
