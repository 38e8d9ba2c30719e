package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.HeldRequestsContract;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

final class HeldRequestsTest extends HeldRequestsContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return JdkLink.front(engine);
  }

  @Test
  void heldRequest_withoutVirtualThreads_isFinishedByAnotherThread() throws Exception {
    try (JdkLink link =
        new JdkLink(
            TestInstance.App.text("hello"), spec -> {}, proxy -> proxy.platformThreads(4))) {
      link.provider.gate = new CompletableFuture<>();
      List<RawClient> clients = send(link, 40, GET); // far more than threads
      link.awaitHeld(40);
      link.provider.gate.complete(null);

      for (RawClient client : clients) {
        assertThat(client.response().body).isEqualTo("hello");
        assertThat(client.send(GET).response().body).isEqualTo("hello");
        client.close();
      }
      link.awaitQuiet();
      assertThat(link.jdkProxy.detachedAborts()).isZero();
    }
  }
}
