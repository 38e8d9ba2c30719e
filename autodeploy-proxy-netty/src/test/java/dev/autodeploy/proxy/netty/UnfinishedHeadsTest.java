package dev.autodeploy.proxy.netty;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.TestLink;
import dev.autodeploy.proxy.contract.UnfinishedRequestsContract;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class UnfinishedHeadsTest extends UnfinishedRequestsContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return NettyFront.of(engine);
  }

  private static TestLink link(int maxUnfinished) throws IOException {
    return new TestLink(
        TestInstance.App.text("served"),
        spec -> {},
        engine ->
            NettyFront.of(engine)
                .maxUnfinishedHeads(maxUnfinished)
                .headTimeout(Duration.ofMinutes(2)));
  }

  private static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static WaitingClients heads(TestLink link) {
    return ((NettyHttpProxy) link.proxy).front().unfinishedHeads();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HT",
        "GET /d/app/ HTTP/1.1\r\nHost: a\r\nX: ",
        "POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"
      })
  void tooMany_theOldestMakeRoom_andOthersStay(String begun) throws Exception {
    try (TestLink link = link(8);
        RawClient kept = link.client().send("GET /d/app/ HTTP/1.1\r\nHost: a\r\n\r\n")) {
      assertThat(kept.response().body).isEqualTo("served");
      List<RawClient> attackers = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        attackers.add(link.client().send(begun));
      }
      for (int i = 0; i < 20; i++) {
        assertThat(link.get("/d/app/").body).isEqualTo("served");
      }
      Await.until("room is made", () -> heads(link).size() <= 8);

      attackers.get(0).rest();
      assertThat(kept.send("GET /d/app/ HTTP/1.1\r\nHost: a\r\n\r\n").response().body)
          .isEqualTo("served");
      for (RawClient attacker : attackers) {
        attacker.close();
      }
      Await.until("nobody is left", () -> heads(link).size() == 0);
    }
  }

  @Test
  void clientsThatHaveSentNothing_areIdle_andMakeRoomAsThose() throws Exception {
    try (TestLink link =
        new TestLink(
            TestInstance.App.text("served"),
            spec -> {},
            engine -> NettyFront.of(engine).maxUnfinishedHeads(8).maxIdleConnections(20))) {
      WaitingClients idle = ((NettyHttpProxy) link.proxy).front().idle();
      List<RawClient> burst = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        burst.add(link.client());
      }
      Await.until("all are accepted", () -> idle.size() == 20);
      Thread.sleep(700); // longer than anybody is spared
      for (RawClient client : burst) {
        client.send("GET /d/app/ HTTP/1.1\r\nHost: a\r\n\r\n");
      }
      for (RawClient client : burst) {
        assertThat(client.response().body).isEqualTo("served");
      }
      for (int i = 0; i < 60; i++) {
        burst.add(link.client());
      }
      Await.until("room is made", () -> idle.size() <= 20);
      for (RawClient client : burst) {
        client.close();
      }
    }
  }

  @Test
  void halfAHead_thatCameBehindARequest_isUnfinishedOnceThatIsDone() throws Exception {
    for (String upgrade : new String[] {"", "Connection: Upgrade\r\nUpgrade: x\r\n"}) {
      try (TestLink link = link(8);
          RawClient client = link.client()) {
        link.provider.gate = new CompletableFuture<>();
        client.send("GET /d/app/ HTTP/1.1\r\nHost: a\r\n" + upgrade + "\r\n");
        link.awaitHeld(1);
        client.send("GET /d/app/ HTTP/1.1\r\nHost: a\r\nX: y");
        ReadAhead readAhead = ((NettyHttpProxy) link.proxy).front().readAhead();
        Await.until("it has come", () -> readAhead.bytes() > 20);
        link.provider.gate.complete(null);
        assertThat(client.response().body).isEqualTo("served");

        Await.until("it is waited for", () -> heads(link).size() == 1);
        assertThat(client.send("\r\n\r\n").response().body).isEqualTo("served");
        assertThat(heads(link).size()).isZero();
      }
    }
  }

  @Test
  void halfAHeadOfHttp2_isUnfinished_whateverCameBeforeIt() throws Exception {
    byte[] begun = RawHttp2.block(":method", "GET", ":scheme", "http", ":path", "/d/app/");
    byte[] rest = RawHttp2.block(":authority", "a");
    try (TestLink link = link(8);
        RawHttp2 client = new RawHttp2(link.port).begin()) {
      WaitingClients idle = ((NettyHttpProxy) link.proxy).front().idle();
      for (int stream = 1; stream < 9; stream += 4) {
        assertThat(client.get(stream, "/d/app/").answer(stream).text()).isEqualTo("served");
        Await.until("it is idle", () -> idle.size() == 1);
        client.frame(RawHttp2.HEADERS, RawHttp2.END_STREAM, stream + 2, begun);
        Await.until("it is waited for", () -> heads(link).size() == 1 && idle.size() == 0);
        client.frame(RawHttp2.CONTINUATION, RawHttp2.END_HEADERS, stream + 2, rest);
        assertThat(client.answer(stream + 2).text()).isEqualTo("served");
        assertThat(heads(link).size()).isZero();
      }
      client.bytes(new byte[] {0, 0, 8, RawHttp2.PING}); // half a frame is no less
      Await.until("it is waited for", () -> heads(link).size() == 1);
      client.bytes(new byte[13]);
      Await.until("it is idle", () -> heads(link).size() == 0 && idle.size() == 1);
    }
  }

  @Test
  void halfAHeadOfHttp2_behindARequestThatIsHeld_countsAsReadAhead() throws Exception {
    try (TestLink link = link(8);
        RawHttp2 client = new RawHttp2(link.port).begin()) {
      ReadAhead readAhead = ((NettyHttpProxy) link.proxy).front().readAhead();
      link.provider.gate = new CompletableFuture<>();
      client.get(1, "/d/app/");
      link.awaitHeld(1);
      client.frame(RawHttp2.HEADERS, 0, 3, RawHttp2.block("x", "y".repeat(12_000)));
      Await.until("it has come", () -> readAhead.bytes() > 12_000);
      assertThat(link.proxy.held()).isEqualTo(1);

      readAhead.add(1L << 40); // as if others had used it up
      client.frame(RawHttp2.CONTINUATION, 0, 3, RawHttp2.block("x", "y".repeat(12_000)));
      assertThat(client.end()).isIn(-1, 11); // ENHANCE_YOUR_CALM
      link.awaitQuiet();
      Await.until("nothing is left", () -> readAhead.bytes() == 1L << 40);
      link.provider.gate.complete(null);
    }
  }

  @Test
  void partialFrames_areTheSame_howeverTheyArrive() {
    byte[] preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII);
    byte[] settings = RawHttp2.frameBytes(RawHttp2.SETTINGS, 0, 0);
    byte[] head = RawHttp2.frameBytes(RawHttp2.HEADERS, 0, 1, new byte[300]);
    byte[] data = RawHttp2.frameBytes(RawHttp2.DATA, 0, 1, new byte[70_000]);
    byte[] last = RawHttp2.frameBytes(RawHttp2.CONTINUATION, RawHttp2.END_HEADERS, 1, new byte[5]);
    byte[] all = concat(preface, settings, head, last, data, head);
    for (int size : new int[] {1, 7, 100, 1000, all.length}) {
      PartialFrames partial = new PartialFrames();
      EmbeddedChannel channel = new EmbeddedChannel(partial);
      for (int at = 0; at < all.length; at += size) {
        channel.writeInbound(Unpooled.copiedBuffer(all, at, Math.min(size, all.length - at)));
      }
      assertThat(partial.isPartial()).isTrue();
      assertThat(partial.headBytes()).isEqualTo(309);
      channel.writeInbound(Unpooled.copiedBuffer(last, 0, 11));
      assertThat(partial.headBytes()).isEqualTo(311);
      channel.writeInbound(Unpooled.copiedBuffer(last, 11, 3));
      assertThat(partial.isPartial()).isFalse();
      assertThat(partial.headBytes()).isZero();
      channel.finishAndReleaseAll();
    }
  }

  @Test
  void few_areLeftAlone() throws Exception {
    try (TestLink link = link(3);
        RawClient slow = link.client().send("GET /d/app/ HTTP/1.1\r\nHo")) {
      Await.until("it is waited for", () -> heads(link).size() == 1);
      Thread.sleep(700);

      assertThat(slow.send("st: localhost\r\n\r\n").response().body).isEqualTo("served");
      assertThat(heads(link).size()).isZero();
    }
  }
}
