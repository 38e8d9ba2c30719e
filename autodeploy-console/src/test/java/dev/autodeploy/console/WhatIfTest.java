package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.Deployment;
import java.lang.reflect.Proxy;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class WhatIfTest {
  private static final Instant NOW = Instant.parse("2026-11-01T00:00:00Z");

  @Test
  void of_whileOthersWait_isRefusedAtOnce_soThatThePageHasThreads() throws Exception {
    CountDownLatch inside = new CountDownLatch(WhatIf.PLACES);
    CountDownLatch end = new CountDownLatch(1);
    Deployment slow = deployment(inside, end);
    WhatIf whatIf = new WhatIf();
    ExecutorService threads = Executors.newCachedThreadPool();
    for (int i = 0; i < WhatIf.PLACES; i++) {
      threads.execute(
          () ->
              assertThatThrownBy(() -> whatIf.of(slow, NOW))
                  .isInstanceOf(IllegalStateException.class));
    }
    inside.await();

    assertThatThrownBy(() -> whatIf.of(slow, NOW))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("others wait for this already");

    end.countDown();
    threads.shutdown();
    assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    assertThatThrownBy(() -> whatIf.of(slow, NOW))
        .as("the places are free again")
        .isInstanceOf(IllegalStateException.class);
  }

  /** A deployment that says nothing before the end, and then fails. */
  private static Deployment deployment(CountDownLatch inside, CountDownLatch end) {
    return (Deployment)
        Proxy.newProxyInstance(
            WhatIfTest.class.getClassLoader(),
            new Class<?>[] {Deployment.class},
            (proxy, method, arguments) -> {
              inside.countDown();
              end.await();
              throw new IllegalStateException("it has no past");
            });
  }
}
