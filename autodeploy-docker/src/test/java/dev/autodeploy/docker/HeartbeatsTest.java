package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The heartbeats' timer survives whatever happens, and no instance gets two at once. */
class HeartbeatsTest {

  @Test
  void timer_thatOnceGetsNoThread_goesOn() throws Exception {
    CountDownLatch sent = new CountDownLatch(4);
    AtomicInteger attempts = new AtomicInteger();
    Executor workers =
        task -> {
          if (attempts.incrementAndGet() == 2) {
            throw new OutOfMemoryError("unable to create native thread");
          }
          task.run();
        };
    ScheduledExecutorService timers = Executors.newSingleThreadScheduledExecutor();
    try {
      new Heartbeats(workers, instance -> sent.countDown())
          .start(timers, Duration.ofMillis(1), List.of(instance("a"), instance("b")));
      assertThat(sent.await(10, TimeUnit.SECONDS)).isTrue();
    } finally {
      timers.shutdownNow();
    }
  }

  @Test
  void heartbeat_isNotSent_whileOneToTheSameInstanceIsUnderWay() {
    Deque<Runnable> queue = new ArrayDeque<>();
    List<String> sent = new ArrayList<>();
    Heartbeats heartbeats = new Heartbeats(queue::add, i -> sent.add(i.instanceId()));
    TrackedInstance a = instance("a");
    heartbeats.send(a);
    heartbeats.send(a);
    heartbeats.send(instance("b"));
    assertThat(queue).hasSize(2);
    queue.forEach(Runnable::run);
    assertThat(sent).containsExactly("a", "b");
    heartbeats.send(a);
    assertThat(queue).hasSize(3);
  }

  @Test
  void heartbeat_thatCouldNotBeSent_isTriedAgain() {
    List<String> sent = new ArrayList<>();
    AtomicInteger attempts = new AtomicInteger();
    Heartbeats heartbeats =
        new Heartbeats(
            task -> {
              switch (attempts.incrementAndGet()) {
                case 1 -> throw new InternalError("test");
                case 2 -> throw new RejectedExecutionException();
                default -> task.run();
              }
            },
            i -> sent.add(i.instanceId()));
    TrackedInstance a = instance("a");
    heartbeats.send(a);
    heartbeats.send(a);
    assertThat(sent).isEmpty();
    heartbeats.send(a);
    assertThat(sent).containsExactly("a");
  }

  private static TrackedInstance instance(String id) {
    Labels labels =
        new Labels(
            "n-" + id,
            "o",
            "web",
            0,
            id,
            "f1",
            List.of(),
            0,
            80,
            Instant.EPOCH,
            Heartbeat.WRAPPER,
            "",
            0);
    TrackedInstance instance = new TrackedInstance(labels, id);
    instance.up(null, null);
    return instance;
  }
}
