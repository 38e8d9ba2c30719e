package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ServerWorkersTest {

  /** Returns how many of those with a thread are disconnected for as many who have none. */
  private static int disconnected(Duration grace) throws InterruptedException {
    AtomicInteger disconnected = new AtomicInteger();
    CountDownLatch begun = new CountDownLatch(ServerWorkers.THREADS);
    CountDownLatch ended = new CountDownLatch(2 * ServerWorkers.THREADS);
    CountDownLatch answered = new CountDownLatch(1);
    try (ServerWorkers workers = new ServerWorkers(Duration.ofHours(2), grace)) {
      Runnable client =
          () -> {
            begun.countDown();
            try {
              answered.await();
            } catch (InterruptedException e) {
              disconnected.incrementAndGet();
            }
            ended.countDown();
          };
      for (int i = 0; i < ServerWorkers.THREADS; i++) {
        workers.execute(client);
      }
      begun.await();
      for (int i = 0; i < ServerWorkers.THREADS; i++) {
        workers.execute(client);
      }
      answered.countDown();
      ended.await();
      return disconnected.get();
    }
  }

  @Test
  void fullHouse_disconnectsNoClientThatHasJustBegun() throws Exception {
    assertThat(disconnected(Duration.ofHours(1))).isZero();
  }

  @Test
  void fullHouse_disconnectsThoseThatHaveHadTheirTime() throws Exception {
    assertThat(disconnected(Duration.ZERO)).isPositive();
  }
}
