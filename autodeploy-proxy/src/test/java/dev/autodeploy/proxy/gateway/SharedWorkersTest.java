package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class SharedWorkersTest {

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void stepsOfOneCaller_waitForItsOwn_whileOthersRun() {
    try (SharedWorkers workers = new SharedWorkers(Workers.platform(4), 2)) {
      CountDownLatch begun = new CountDownLatch(2);
      CountDownLatch end = new CountDownLatch(1);
      CountDownLatch ended = new CountDownLatch(6);
      AtomicInteger running = new AtomicInteger();
      AtomicInteger most = new AtomicInteger();
      for (int i = 0; i < 6; i++) {
        int step = i;
        workers.execute(
            "slow",
            () -> {
              most.accumulateAndGet(running.incrementAndGet(), Math::max);
              begun.countDown();
              await(end);
              running.decrementAndGet();
              ended.countDown();
              if (step == 0) {
                throw new IllegalStateException("its place is free all the same");
              }
            });
      }
      CountDownLatch other = new CountDownLatch(2);
      workers.execute("other", other::countDown);
      workers.execute("other", other::countDown);
      await(other);
      await(begun);

      end.countDown();
      await(ended);
      assertThat(most).hasValue(2);
    }
  }
}
