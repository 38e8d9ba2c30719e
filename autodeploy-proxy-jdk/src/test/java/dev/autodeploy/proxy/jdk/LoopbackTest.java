package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.LoopbackContract;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import java.net.InetAddress;
import java.net.Socket;
import org.junit.jupiter.api.Test;

final class LoopbackTest extends LoopbackContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return JdkLink.front(engine);
  }

  @Test
  void mountedHandlers_areOnBothLoopbacks() throws Exception {
    assumeBothLoopbacks();
    try (JdkLink link =
        new JdkLink(
            TestInstance.App.text("served"),
            spec -> {},
            proxy ->
                proxy.context(
                    "/own",
                    http -> {
                      http.sendResponseHeaders(204, -1);
                      http.close();
                    }))) {
      for (String address : new String[] {"127.0.0.1", "::1"}) {
        InetAddress host = InetAddress.getByName(address);
        try (RawClient client = new RawClient(new Socket(host, link.port))) {
          client.send("GET /own HTTP/1.1\r\nHost: localhost\r\n\r\n");
          assertThat(client.response().status).isEqualTo(204);
        }
      }
    }
  }
}
