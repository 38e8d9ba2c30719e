package dev.autodeploy.proxy.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.TestLink;
import dev.autodeploy.proxy.contract.UnfinishedRequestsContract;
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
