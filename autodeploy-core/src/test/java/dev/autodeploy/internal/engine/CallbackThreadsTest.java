package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Deployment;
import dev.autodeploy.internal.util.BlockedThreads;
import java.util.concurrent.CountDownLatch;
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
                BlockedThreads.block(goesOn);
                lease.close();
                done.countDown();
              });
    }

    h.time.run(); // the instance is ready
    long threads = BlockedThreads.count("autodeploy-callback-");
    goesOn.countDown();
    done.await();

    assertThat(threads).isLessThanOrEqualTo(MOST);
    assertThat(h.provider.running()).hasSize(1);
  }
}
