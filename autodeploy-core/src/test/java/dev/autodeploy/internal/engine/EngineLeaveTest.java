package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Deployment;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** An engine that leaves its instances to the one of another replica. */
class EngineLeaveTest {
  private final EngineHarness h = new EngineHarness();

  /** Has the provider be ordered to release an idle instance, which it answers after a time. */
  private void release(Duration takes) {
    Deployment voice = h.start().deploy();
    h.acquire(voice).close();
    CompletableFuture<Void> answer = new CompletableFuture<>();
    h.provider.releaseAnswer = answer;
    h.time.pass(Duration.ofMinutes(5));
    assertThat(h.provider.count("release")).isEqualTo(1);
    h.time.schedule(takes, () -> answer.complete(null));
  }

  /** Leaves the engine, and returns how long that took. */
  private Duration leave(Duration leads) {
    long before = h.time.read();
    h.time.call(
        () -> {
          h.engine.leave(leads);
          return true;
        });
    return Duration.ofNanos(h.time.read() - before);
  }

  @Test
  void leave_whileAReleaseIsUnderWay_endsWhenThatIsAnswered() {
    release(Duration.ofSeconds(3));
    assertThat(leave(Duration.ofSeconds(10))).isEqualTo(Duration.ofSeconds(3));
  }

  @Test
  void leave_whileAReleaseIsUnderWay_waitsNoLongerThanItLeads() {
    release(Duration.ofSeconds(30));
    assertThat(leave(Duration.ofSeconds(10))).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void leave_ofOneThatNoLongerLeads_waitsForNothing() {
    release(Duration.ofSeconds(30));
    assertThat(leave(Duration.ZERO)).isEqualTo(Duration.ZERO);
  }
}
