package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class WorkersTest {

  @Test
  void close_losesNothingThatWaitsForAThread() throws InterruptedException {
    Workers workers = Workers.platform(1);
    CountDownLatch busy = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    AtomicInteger done = new AtomicInteger();
    workers.execute(
        () -> {
          busy.countDown();
          try {
            new CountDownLatch(1).await();
          } catch (InterruptedException e) {
            ended.countDown();
          }
        });
    busy.await();
    workers.execute(done::incrementAndGet);
    workers.execute(
        () -> {
          done.incrementAndGet();
          throw new IllegalStateException("nobody hears of it");
        });
    workers.execute(done::incrementAndGet);

    workers.close();

    assertThat(done).hasValue(3);
    ended.await();
    workers.execute(done::incrementAndGet); // as a lease that comes late does
    assertThat(done).hasValue(4);
  }

  @Test
  void close_leavesVirtualThreadsTheirEnd() {
    Workers workers = Workers.create(4);
    AtomicInteger done = new AtomicInteger();
    workers.close();
    workers.execute(done::incrementAndGet);
    assertThat(done).hasValue(1);
  }
}
