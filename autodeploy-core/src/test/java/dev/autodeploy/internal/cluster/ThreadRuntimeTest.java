package dev.autodeploy.internal.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class ThreadRuntimeTest {
  private static final int REQUESTS = 3000;
  private static final int MOST = 1024;

  @Test
  void requests_thatGoOnTogether_getABoundedNumberOfThreads() throws Exception {
    ThreadRuntime runtime = new ThreadRuntime();
    CountDownLatch goesOn = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(REQUESTS);
    for (int i = 0; i < REQUESTS; i++) {
      runtime.run(
          () -> {
            block(goesOn);
            done.countDown();
          });
    }

    long threads = threads();
    goesOn.countDown();
    done.await();
    runtime.close();

    assertThat(threads).isLessThanOrEqualTo(MOST);
  }

  @Test
  void loop_goesOn_whileAllThreadsOfRequestsAreBlocked() throws Exception {
    ThreadRuntime runtime = new ThreadRuntime();
    CountDownLatch goesOn = new CountDownLatch(1);
    for (int i = 0; i < REQUESTS; i++) {
      runtime.run(() -> block(goesOn));
    }
    CountDownLatch looped = new CountDownLatch(1);

    runtime.loop(
        () -> {
          looped.countDown();
          return null;
        });

    looped.await(); // for ever, if it waits for them
    goesOn.countDown();
    runtime.close();
  }

  private static void block(CountDownLatch latch) {
    try {
      latch.await(1, TimeUnit.HOURS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(it -> it.getName().startsWith("autodeploy-replica-"))
        .count();
  }
}
