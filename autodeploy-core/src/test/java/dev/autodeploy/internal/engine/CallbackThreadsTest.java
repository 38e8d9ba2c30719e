package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Deployment;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The engine's own threads for callbacks, which run stages of many callers at once. */
final class CallbackThreadsTest {
  private static final int CALLERS = 3000;
  private static final int MOST = 1024;

  @Test
  void callers_whoWaitedTogether_andBlockTheirStages_getABoundedNumberOfThreads() throws Exception {
    EngineHarness h = new EngineHarness();
    h.callbackExecutor = null; // the engine's own
    h.start();
    Deployment voice = h.deploy(b -> b.maxPending(CALLERS));
    CountDownLatch goesOn = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(CALLERS);
    for (int i = 0; i < CALLERS; i++) {
      voice
          .acquireAsync()
          .thenAccept(
              lease -> {
                block(goesOn);
                lease.close();
                done.countDown();
              });
    }

    h.time.run(); // the instance is ready
    long threads = threads();
    goesOn.countDown();
    done.await();

    assertThat(threads).isLessThanOrEqualTo(MOST);
    assertThat(h.provider.running()).hasSize(1);
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
        .filter(it -> it.getName().startsWith("autodeploy-callback-"))
        .count();
  }
}
