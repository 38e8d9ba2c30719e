package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.HostileRequestsContract;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
final class HostileRequestsTest extends HostileRequestsContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return JdkLink.front(engine);
  }

  @Test
  void badPercent_isRefusedByTheServer() throws Exception {
    assertThat(talk("GET /d/app/%zz HTTP/1.1\r\nHost: a\r\n\r\n")).doesNotContain("served");
  }

  /** A handler of the host application reads the body, and knows nothing of bad chunks. */
  @ParameterizedTest
  @MethodSource("badChunks")
  void badChunk_toAMountedHandler_isNeverFollowedByAnotherRequest(String chunks) throws Exception {
    try (JdkLink mounted =
            new JdkLink(
                    TestInstance.App.text("served"),
                    spec -> {},
                    proxy ->
                        proxy.context(
                            "/mounted",
                            http -> {
                              http.getRequestBody().readAllBytes();
                              http.sendResponseHeaders(200, -1);
                              http.close();
                            }))
                .warm();
        RawClient client = mounted.client()) {
      client.send(
          "POST /mounted HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
              + chunks
              + SMUGGLED);
      client.socket.shutdownOutput();
      client.rest();

      assertThat(mounted.instance().requests).isEmpty();
    }
  }
}
