package dev.autodeploy.proxy.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.AsyncContract;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.TestLink;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
final class AsyncTest extends AsyncContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return NettyFront.of(engine);
  }

  /** More than there are threads for requests that are not held on their connection. */
  @Test
  void clientsThatDoNotReadALongAnswer_holdUpNobodyElse() throws Exception {
    TestInstance.App app =
        (request, out) -> {
          request.drain();
          String body = request.target.equals("/large") ? "x".repeat(8_000_000) : "well";
          TestInstance.App.text(body).respond(request, out);
        };
    List<RawClient> slow = new ArrayList<>();
    try (TestLink link = link(app)) {
      String ticket = link.ask(post("/d/app/large", "")).field("Location");
      assertThat(poll(link, ticket)).isEqualTo(200);
      for (int i = 0; i < 600; i++) {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4096);
        socket.connect(new InetSocketAddress("127.0.0.1", link.port));
        slow.add(new RawClient(socket));
        slow.get(i).send("GET " + ticket + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
      }
      slow.get(0).head();

      String another = link.ask(post("/d/app/small", "")).field("Location");
      assertThat(poll(link, another)).isEqualTo(200);
      String once = "POST /d/app/once HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: k1\r\n";
      assertThat(link.ask(once + "Content-Length: 0\r\n\r\n").body).isEqualTo("well");
    } finally {
      for (RawClient client : slow) {
        client.close();
      }
    }
  }

  private static String post(String path, String body) {
    return "POST "
        + path
        + " HTTP/1.1\r\nHost: localhost\r\nPrefer: respond-async\r\nContent-Length: "
        + body.length()
        + "\r\n\r\n"
        + body;
  }

  private static int poll(TestLink link, String ticket) throws IOException {
    int status = 202;
    for (int i = 0; i < 500 && status == 202; i++) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
      status =
          RawClient.ask(link.port, "HEAD " + ticket + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
              .status;
    }
    return status;
  }
}
