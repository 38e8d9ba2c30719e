package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.UnfinishedRequestsContract;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** More unfinished requests than threads: callers whose request is complete are served. */
final class UnfinishedHeadsTest extends UnfinishedRequestsContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return JdkLink.front(engine).platformThreads(THREADS);
  }

  private static final int THREADS = 16;
  private static final Duration LONG = Duration.ofMinutes(2);

  @Test
  void unfinishedHead_whereThereAreFew_isLeftAlone() throws Exception {
    try (JdkLink link =
            new JdkLink(
                TestInstance.App.text("served"),
                spec -> {},
                proxy -> proxy.platformThreads(THREADS).maxUnfinishedHeads(3));
        RawClient slow = link.client().send("GET /d/app/ HTTP/1.1\r\nHo")) {
      Thread.sleep(700);

      assertThat(slow.send("st: localhost\r\n\r\n").response().body).isEqualTo("served");
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
