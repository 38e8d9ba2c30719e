package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.ErrorsOnTheLinkContract;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import org.junit.jupiter.api.Test;

@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
final class ErrorsOnTheLinkTest extends ErrorsOnTheLinkContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return JdkLink.front(engine);
  }

  @Test
  void webSocketHandshake_is501AndWakesNothing() throws Exception {
    try (JdkLink link = new JdkLink(TestInstance.App.text("x"))) {
      RawClient.Response response =
          link.ask(
              "GET /d/app/ HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                  + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n");

      assertProblem(response, 501, "upgrade-not-supported");
      assertThat(link.provider.starts).isEmpty();
    }
  }
}
