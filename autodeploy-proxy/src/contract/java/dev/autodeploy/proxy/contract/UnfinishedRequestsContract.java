package dev.autodeploy.proxy.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many unfinished requests: callers whose request is complete are served. */
public abstract class UnfinishedRequestsContract extends LinkContract {
  private static final int ATTACKERS = 60;
  private static final Duration LONG = Duration.ofMinutes(2);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HT",
        "GET /d/app/ HTTP/1.1\r\nHost: a\r\nX: ",
        "POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n",
        "POST /nothing HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n9;a=b",
        "POST /d/app/ HTTP/1.1\r\nHost: localhost\r\nDeploy-Route-Rule: no!\r\nContent-Length: 9\r\n\r\n"
      })
  void unfinishedRequests_doNotStopOthers(String begun) throws Exception {
    try (TestLink link =
        link(
                TestInstance.App.text("served"),
                spec -> {},
                proxy -> proxy.headTimeout(LONG).stallTimeout(LONG))
            .warm()) {
      List<RawClient> attackers = new ArrayList<>();
      for (int i = 0; i < ATTACKERS; i++) {
        attackers.add(link.client().send(begun));
      }
      for (int i = 0; i < 20; i++) {
        assertThat(link.get("/d/app/").body).as(begun).isEqualTo("served");
      }
      for (RawClient attacker : attackers) {
        attacker.close();
      }
      link.awaitQuiet();
    }
  }

  @Test
  void unreadBodyOfARefusedRequest_thatDripsIn_isCutAtTheDeadline() throws Exception {
    try (TestLink link =
            link(
                TestInstance.App.text("served"),
                spec -> {},
                proxy -> proxy.headTimeout(Duration.ofMillis(500)).stallTimeout(LONG));
        RawClient client = link.client()) {
      client.send("POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n");
      long begun = System.nanoTime();
      boolean open = true;
      while (open && System.nanoTime() - begun < 15_000_000_000L) {
        try {
          client.send("x");
          Thread.sleep(50);
        } catch (SocketException e) {
          open = false;
        }
      }
      assertThat(open).as("still read after 15 s").isFalse();
    }
  }
}
