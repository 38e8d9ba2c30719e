package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.BrokenExchangesContract;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.TestLink;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The faults beyond that where one thread moves all the bytes of an exchange. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
abstract class BlockingBrokenExchanges extends BrokenExchangesContract {
  /** Nobody reads the response before the request is sent, so both sides may come to a stand. */
  @Test
  void echoOfABigBody_endsInTimeAndLeavesNothing() throws Exception {
    TestInstance.App echo =
        (request, out) -> {
          TestInstance.write(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
          request.copyBody(
              new OutputStream() {
                @Override
                public void write(int b) throws IOException {
                  write(new byte[] {(byte) b}, 0, 1);
                }

                @Override
                public void write(byte[] bytes, int offset, int length) throws IOException {
                  TestInstance.write(out, Integer.toHexString(length) + "\r\n");
                  out.write(bytes, offset, length);
                  TestInstance.write(out, "\r\n");
                }
              });
          TestInstance.write(out, "0\r\n\r\n");
        };
    try (TestLink link =
            link(echo, spec -> {}, proxy -> proxy.responseTimeout(Duration.ofMillis(500))).warm();
        RawClient client = link.client()) {
      String head = "POST /d/app/ HTTP/1.1\r\nHost: a\r\nContent-Length: ";
      int small = 16 * 1024;
      assertThat(client.send(head + small + "\r\n\r\n" + "x".repeat(small)).response().body)
          .isEqualTo("x".repeat(small));

      int big = 64 << 20;
      client.send(head + big + "\r\n\r\n");
      CompletableFuture<Void> sent =
          CompletableFuture.runAsync(
              () -> {
                try {
                  for (int i = 0; i < big; i += small) {
                    client.out().write(new byte[small]);
                  }
                } catch (IOException e) {
                  // The link gave up, and takes no more of it.
                }
              });

      assertThat(client.head().status).isEqualTo(504);
      link.awaitQuiet();
      Await.until("the upstream is closed", () -> link.instance().openConnections() == 0);
      client.socket.close();
      sent.join();
    }
  }
}
