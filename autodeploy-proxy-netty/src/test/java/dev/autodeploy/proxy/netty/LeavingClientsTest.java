package dev.autodeploy.proxy.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.LinkContract;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.TestLink;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Many clients that hang up at once while their requests are held. */
final class LeavingClientsTest extends LinkContract {
  private static final int MANY = 1000;

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
}
