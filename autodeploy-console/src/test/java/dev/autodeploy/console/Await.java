package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.fail;

import java.util.concurrent.Callable;

/** Waits for what real sockets bring about in their own time. */
final class Await {
  private static final long LIMIT_NANOS = 15_000_000_000L;

  private Await() {}

  static void until(Callable<Boolean> condition) throws Exception {
    long begin = System.nanoTime();
    while (!condition.call()) {
      if (System.nanoTime() - begin > LIMIT_NANOS) {
        fail("it did not come true within 15 s");
      }
      Thread.sleep(20);
    }
  }
}
