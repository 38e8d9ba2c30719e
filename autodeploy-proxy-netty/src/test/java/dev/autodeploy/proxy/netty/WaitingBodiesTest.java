package dev.autodeploy.proxy.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.LinkContract;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.TestLink;
import dev.autodeploy.proxy.gateway.BodyPace;
import dev.autodeploy.proxy.gateway.HttpHeaders;
import dev.autodeploy.proxy.gateway.Relay;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Bodies of requests that wait for an instance: they take as much memory as they count. */
class WaitingBodiesTest extends LinkContract {
  private static final TestInstance.App COUNT =
      (request, out) ->
          TestInstance.App.text("got " + request.body().length()).respond(request, out);

  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return NettyFront.of(engine);
  }

  private static Consumer<LinkBuilder<?>> readAhead(long bytes) {
    return proxy -> ((NettyHttpProxy.Builder) proxy).readAheadBytes(bytes);
  }

  private static ReadAhead readAhead(TestLink link) {
    return ((NettyHttpProxy) link.proxy).front().readAhead();
  }

  private static final class Taken implements RequestBody.Sink {
    final List<ByteBuf> pieces = new ArrayList<>();

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void data(ByteBuf piece) {
      pieces.add(piece);
    }

    @Override
    public void end(HttpHeaders trailers) {}

    @Override
    public void failed(Relay.Cause cause, IOException error) {}
  }

  @Test
  void piecesThatWait_keepNothingOfWhatTheyWereReadWith() {
    RequestBody body =
        new RequestBody(
            1 << 20, new BodyPace(System::nanoTime, BodyPace.Limits.NONE), new ReadAhead(1 << 20));
    StringBuilder sent = new StringBuilder();
    List<ByteBuf> reads = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      ByteBuf read = PooledByteBufAllocator.DEFAULT.directBuffer(64 * 1024);
      reads.add(read);
      for (int j = 0; j < 100; j++) {
        char c = (char) ('a' + (i + j) % 26);
        sent.append(c);
        read.writeByte(c);
        body.add(read.readRetainedSlice(1));
      }
      read.release();
    }
    assertThat(reads).as("what was read").allMatch(read -> read.refCnt() == 0);
    assertThat(body.queued()).isEqualTo(2000);

    Taken taken = new Taken();
    body.attach(taken);
    assertThat(taken.pieces).hasSize(1);
    assertThat(taken.pieces.get(0).toString(ISO_8859_1)).isEqualTo(sent.toString());
    taken.pieces.forEach(ByteBuf::release);
    assertThat(body.queued()).isZero();
  }

  @Test
  void piecesBehindAnotherRequest_keepNothingOfWhatTheyWereReadWith() {
    DeferredMessages later = new DeferredMessages(new ReadAhead(1 << 20));
    ByteBuf read = PooledByteBufAllocator.DEFAULT.directBuffer(64 * 1024).writeZero(100);
    later.add(new DefaultHttpContent(read.readRetainedSlice(10)));
    read.release();

    assertThat(read.refCnt()).isZero();
    later.drop();
  }

  @Test
  void fieldsBehindABody_behindAnotherRequest_count() {
    ReadAhead readAhead = new ReadAhead(1 << 20);
    DeferredMessages later = new DeferredMessages(readAhead);
    DefaultLastHttpContent last = new DefaultLastHttpContent();
    last.trailingHeaders().add("x-sum", "y".repeat(70_000));
    later.add(last);

    assertThat(readAhead.bytes()).isGreaterThan(70_000);
    assertThat(later.isFull()).isTrue();
    later.drop();
    assertThat(readAhead.bytes()).isZero();
  }

  @Test
  void fieldsBehindABody_mayBeFew_andNotFillTheMemoryOfAHeldRequest() throws Exception {
    try (TestLink link = link(COUNT).warm()) {
      for (int length : new int[] {1000, 20_000}) {
        int expected = length == 1000 ? 200 : 400;
        String sum = "y".repeat(length);
        try (RawClient client = link.client();
            RawHttp2 another = new RawHttp2(link.port).begin()) {
          client.send("POST /d/app/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
          client.send("1\r\nx\r\n0\r\nx-sum: " + sum + "\r\n\r\n");
          assertThat(client.response().status).isEqualTo(expected);
          another.request(1, "POST", "/d/app/", false).data(1, false, "x");
          another.headers(1, true, "x-sum", sum.substring(0, Math.min(length, 16_000)));
          assertThat(another.answer(1).status()).isEqualTo(expected);
        }
      }
      link.awaitQuiet();
    }
  }

  @Test
  void tinyChunks_takeAsMuchMemoryAsTheyHave() throws Exception {
    String chunk = "1;x=" + "y".repeat(16_000) + "\r\nz\r\n";
    try (TestLink link = link(COUNT);
        RawClient client = link.client()) {
      link.provider.gate = new CompletableFuture<>();
      long before = PooledByteBufAllocator.DEFAULT.pinnedDirectMemory();
      client.send("POST /d/app/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
      link.awaitHeld(1);
      for (int i = 0; i < 1000; i++) {
        client.send(chunk);
      }
      Await.until("all is read", () -> readAhead(link).bytes() == 1000);
      assertThat(PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() - before).isLessThan(4 << 20);
      link.provider.gate.complete(null);
      assertThat(client.send("0\r\n\r\n").response().body).isEqualTo("got 1000");
    }
  }

  @Test
  void tinyFramesOfHttp2_takeAsMuchMemoryAsTheyHave() throws Exception {
    byte[] tiny = RawHttp2.frameBytes(RawHttp2.DATA, 0, 1, (byte) 'z');
    byte[] nobodyTakes = RawHttp2.frameBytes(RawHttp2.DATA, 0, 3, new byte[16_000]);
    try (TestLink link = link(COUNT);
        RawHttp2 client = new RawHttp2(link.port).begin()) {
      link.provider.gate = new CompletableFuture<>();
      long before = PooledByteBufAllocator.DEFAULT.pinnedDirectMemory();
      client.request(1, "POST", "/d/app/", false);
      link.awaitHeld(1);
      client.request(3, "POST", "/d/nobody/", false);
      assertThat(client.answer(3).status()).isEqualTo(404);
      for (int i = 0; i < 1000; i++) {
        client.bytes(tiny).bytes(nobodyTakes);
        client.answer(3);
      }
      Await.until("all is read", () -> readAhead(link).bytes() == 1000);
      assertThat(PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() - before).isLessThan(4 << 20);
      link.provider.gate.complete(null);
      assertThat(client.data(1, true, "").answer(1).text()).isEqualTo("got 1000");
    }
  }

  @Test
  void otherBodies_whereTheMemoryIsUsedUp_areReadAsTheirInstanceTakesThem() throws Exception {
    try (TestLink link = link(COUNT, spec -> {}, readAhead(1000)).warm();
        RawClient other = link.client();
        RawHttp2 another = new RawHttp2(link.port).begin()) {
      readAhead(link).add(2000); // as bodies that wait for another instance

      other.send("POST /d/app/ HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n");
      another.request(1, "POST", "/d/app/x", false, "content-length", "30000");
      for (int i = 0; i < 30; i++) {
        other.send("x".repeat(1000));
        another.data(1, i == 29, "x".repeat(1000));
      }
      assertThat(other.response().body).isEqualTo("got 30000");
      assertThat(another.answer(1).text()).isEqualTo("got 30000");
    }
  }

  @Test
  void manyStreamsOfHttp2_whereTheMemoryIsUsedUp_waitWithFewBytes() throws Exception {
    try (TestLink link = link(COUNT, spec -> {}, readAhead(1000));
        RawHttp2 greedy = new RawHttp2(link.port).begin();
        RawHttp2 modest = new RawHttp2(link.port).begin()) {
      link.provider.gate = new CompletableFuture<>();
      long before = PooledByteBufAllocator.DEFAULT.pinnedDirectMemory();
      modest.request(1, "POST", "/d/app/x", false);
      for (int i = 0; i < 5; i++) {
        modest.data(1, false, "x".repeat(10_000));
      }
      for (int i = 0; i < 60; i++) {
        greedy.request(1 + 2 * i, "POST", "/d/app/x", false);
        for (int j = 0; j < 4; j++) {
          greedy.data(1 + 2 * i, false, "x".repeat(16_000));
        }
      }
      assertThat(greedy.answer(119).reset).isEqualTo(11); // ENHANCE_YOUR_CALM
      assertThat(PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() - before).isLessThan(4 << 20);

      link.provider.gate.complete(null);
      assertThat(modest.data(1, true, "x".repeat(10_000)).answer(1).text()).isEqualTo("got 60000");
      greedy.socket.close();
      link.awaitQuiet();
      Await.until("nothing waits", () -> readAhead(link).bytes() == 0);
    }
  }
}
