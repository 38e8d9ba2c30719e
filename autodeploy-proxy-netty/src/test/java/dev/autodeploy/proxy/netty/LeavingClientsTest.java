package dev.autodeploy.proxy.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.LinkContract;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.TestLink;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Clients that hang up while their requests are held. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
final class LeavingClientsTest extends LinkContract {
  private static final int MANY = 1000;
  private static final String ONE = "token-one-0123456789";
  private static final String OTHER = "token-two-0123456789";

  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return NettyFront.of(engine);
  }

  @Test
  void allThatLeave_areNoticed_andStartNothing() throws Exception {
    try (TestLink link =
        link(
            TestInstance.App.text("x"),
            spec -> spec.maxPending(2 * MANY),
            proxy -> proxy.maxPendingTotal(2 * MANY))) {
      link.provider.gate = new CompletableFuture<>();
      List<RawClient> clients = new ArrayList<>();
      for (int i = 0; i < MANY; i++) {
        clients.add(link.client().send("GET /d/app/x HTTP/1.1\r\nHost: a\r\n\r\n"));
      }
      link.awaitHeld(MANY);
      for (int i = 0; i < MANY; i++) {
        if (i % 2 == 0) {
          clients.get(i).reset();
        } else {
          clients.get(i).close();
        }
      }
      Await.until("nobody is held", () -> link.proxy.held() == 0);
      Await.until("nobody waits", () -> link.app.status().pending() == 0);
      link.provider.gate.complete(null);
      link.awaitQuiet();

      assertThat(link.provider.starts).hasSize(1); // the one that was under way
      try (RawClient another = link.client().send("GET /d/app/y HTTP/1.1\r\nHost: a\r\n\r\n")) {
        assertThat(another.response().body).isEqualTo("x");
      }
      assertThat(link.provider.starts).hasSize(1);
      assertThat(link.instance().requests).hasSize(1); // and none of those who left
    }
  }

  private static RawClient ask(TestLink link, String token) throws IOException {
    return link.client()
        .send("GET /d/app/ HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + token + "\r\n\r\n");
  }

  @Test
  void places_thatWereLeft_countForNobody() throws Exception {
    try (TestLink link =
        link(
            TestInstance.App.text("x"),
            spec -> spec.maxPending(4),
            proxy -> proxy.bearerToken("app", ONE).bearerToken("app", OTHER))) {
      link.provider.gate = new CompletableFuture<>();
      List<RawClient> first = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        first.add(ask(link, ONE));
        link.awaitHeld(i + 1);
      }
      for (int left : new int[] {1, 3, 0}) { // between others, the latest, the first
        first.get(left).close();
      }
      Await.until("they are noticed", () -> link.app.status().pending() == 1);
      link.awaitHeld(1);
      for (int i = 4; i < 7; i++) {
        first.add(ask(link, ONE));
        link.awaitHeld(i - 2);
      }

      List<RawClient> second = new ArrayList<>();
      for (int lost : new int[] {6, 5}) {
        second.add(ask(link, OTHER));
        assertThat(first.get(lost).response().status).isEqualTo(429);
      }
      try (RawClient third = ask(link, OTHER)) {
        assertThat(third.response().status).as("shares are even").isEqualTo(429);
      }
      link.awaitHeld(4);
      link.provider.gate.complete(null);
      for (RawClient served : List.of(first.get(2), first.get(4), second.get(0), second.get(1))) {
        assertThat(served.response().body).isEqualTo("x");
        served.close();
      }
      link.awaitQuiet();
    }
  }
}
