package dev.autodeploy.internal.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.internal.util.BlockedThreads;
import java.util.concurrent.CountDownLatch;
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
            BlockedThreads.block(goesOn);
            done.countDown();
          });
    }

    long threads = BlockedThreads.count("autodeploy-replica-");
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
      runtime.run(() -> BlockedThreads.block(goesOn));
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
}
