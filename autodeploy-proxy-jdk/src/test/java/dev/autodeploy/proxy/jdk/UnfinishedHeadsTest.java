package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** More unfinished requests than threads: callers whose request is complete are served. */
final class UnfinishedHeadsTest {
  private static final int THREADS = 16;
  private static final int ATTACKERS = 60;
  private static final Duration LONG = Duration.ofMinutes(2);

  private static JdkLink link(Consumer<JdkHttpProxy.Builder> settings) throws IOException {
    return new JdkLink(
            TestInstance.App.text("served"),
            spec -> {},
            proxy -> {
              proxy.platformThreads(THREADS).headTimeout(LONG).stallTimeout(LONG);
              settings.accept(proxy);
            })
        .warm();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HT",
        "GET /d/app/ HTTP/1.1\r\nHost: a\r\nX: ",
        "POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n",
        "POST /nothing HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n9;a=b",
        "POST /d/app/ HTTP/1.1\r\nHost: localhost\r\nDeploy-Route-Rule: no!\r\nContent-Length: 9\r\n\r\n"
      })
  void unfinishedRequests_moreThanThreads_doNotStopOthers(String begun) throws Exception {
    try (JdkLink link = link(proxy -> {})) {
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
  void unfinishedHead_whereThereAreFew_isLeftAlone() throws Exception {
    try (JdkLink link = link(proxy -> proxy.maxUnfinishedHeads(3));
        RawClient slow = link.client().send("GET /d/app/ HTTP/1.1\r\nHo")) {
      Thread.sleep(700);

      assertThat(slow.send("st: localhost\r\n\r\n").response().body).isEqualTo("served");
    }
  }

  @Test
  void unreadBodyOfARefusedRequest_thatDripsIn_isCutAtTheDeadline() throws Exception {
    try (JdkLink link =
            new JdkLink(
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

  @Test
  void tooMany_ofOneAddress_makeRoomBeforeOlderOnesOfOthers() throws Exception {
    Queue<String> cut = new ConcurrentLinkedQueue<>();
    List<Thread> threads = new ArrayList<>();
    try (UnfinishedHeads heads = new UnfinishedHeads(LONG, 2)) {
      for (String address : new String[] {"192.0.2.1", "192.0.2.9", "192.0.2.9", "192.0.2.9"}) {
        CountDownLatch waits = new CountDownLatch(1);
        Thread thread =
            new Thread(
                () ->
                    heads.run(
                        () -> {
                          try {
                            heads.address(InetAddress.getByName(address));
                            waits.countDown();
                            new CountDownLatch(1).await();
                          } catch (InterruptedException e) {
                            cut.add(address);
                          } catch (IOException e) {
                            throw new AssertionError(e);
                          }
                        }));
        thread.setDaemon(true);
        thread.start();
        threads.add(thread);
        waits.await();
      }
      Await.until("two have made room", () -> cut.size() == 2);
      Thread.sleep(200);

      assertThat(cut).containsExactly("192.0.2.9", "192.0.2.9");
      assertThat(threads.get(0).isAlive()).isTrue();
    }
    threads.forEach(Thread::interrupt);
  }
}
