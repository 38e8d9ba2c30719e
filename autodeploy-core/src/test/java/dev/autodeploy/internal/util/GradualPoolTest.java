package dev.autodeploy.internal.util;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.spi.Scheduler;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a burst of tasks gets in threads. The looks are made by the tests. */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class GradualPoolTest {
  private static final int BURST = 3000;

  private final Queue<Runnable> looks = new ArrayDeque<>();
  private final GradualPool pool = new GradualPool("test", this::schedule);
  private final CountDownLatch blocked = new CountDownLatch(1);

  private Scheduler.Cancellable schedule(Duration delay, Runnable look) {
    assertThat(delay).isEqualTo(GradualPool.LOOK);
    looks.add(look);
    return () -> looks.remove(look);
  }

  @AfterEach
  void end() {
    blocked.countDown();
    pool.shutdown();
  }

  @Test
  void burst_getsFewThreads_andMoreWhileTheyAreBlocked_upToALimit() throws Exception {
    CountDownLatch done = new CountDownLatch(BURST);
    for (int i = 0; i < BURST; i++) {
      pool.execute(() -> block(done));
    }
    assertThat(pool.getPoolSize()).isEqualTo(GradualPool.AT_ONCE);

    looks.remove().run();
    assertThat(pool.getPoolSize()).isEqualTo(GradualPool.AT_ONCE + GradualPool.MORE);
    for (int i = 0; i < 100; i++) {
      looks.remove().run();
    }
    assertThat(pool.getPoolSize()).isEqualTo(GradualPool.MOST);

    blocked.countDown();
    done.await();
    looks.remove().run();
    assertThat(looks).as("nothing is looked at while no task waits").isEmpty();
    assertThat(pool.getMaximumPoolSize()).isEqualTo(GradualPool.AT_ONCE);
  }

  @Test
  void threads_thatGetOn_areNotMade() throws Exception {
    CountDownLatch first = new CountDownLatch(GradualPool.AT_ONCE);
    CountDownLatch begun = new CountDownLatch(2 * GradualPool.AT_ONCE);
    CountDownLatch goesOn = new CountDownLatch(1);
    for (int i = 0; i < GradualPool.AT_ONCE; i++) {
      pool.execute(
          () -> {
            begun.countDown();
            first.countDown();
            await(goesOn);
          });
    }
    for (int i = 0; i < BURST; i++) {
      pool.execute(
          () -> {
            begun.countDown();
            await(blocked);
          });
    }
    first.await();
    goesOn.countDown();
    begun.await(); // each of the threads has ended one task, and is in its second

    looks.remove().run();
    assertThat(pool.getPoolSize()).isEqualTo(GradualPool.AT_ONCE);
    looks.remove().run(); // none has ended one since
    assertThat(pool.getPoolSize()).isEqualTo(GradualPool.AT_ONCE + GradualPool.MORE);
  }

  @Test
  void tasks_thatWait_areBegunInOrder() throws Exception {
    List<Integer> order = Collections.synchronizedList(new ArrayList<>());
    CountDownLatch done = new CountDownLatch(100);
    CountDownLatch most = new CountDownLatch(1);
    for (int i = 0; i < GradualPool.AT_ONCE - 1; i++) {
      pool.execute(() -> await(blocked));
    }
    pool.execute(() -> await(most));
    for (int i = 0; i < 100; i++) {
      int number = i;
      pool.execute(
          () -> {
            order.add(number);
            done.countDown();
          });
    }
    most.countDown(); // one thread takes them all
    done.await();
    assertThat(order).isEqualTo(IntStream.range(0, 100).boxed().toList());
  }

  @Test
  void thread_thatIsIdle_isUsedAgain() throws Exception {
    for (int i = 0; i < 200; i++) {
      CountDownLatch done = new CountDownLatch(1);
      pool.execute(done::countDown);
      done.await();
      while (pool.getActiveCount() > 0) {
        Thread.onSpinWait();
      }
    }
    assertThat(pool.getLargestPoolSize()).isLessThan(GradualPool.AT_ONCE);
  }

  @Test
  void shutdown_runsWhatWaits_andRefusesTheRest() throws Exception {
    CountDownLatch done = new CountDownLatch(BURST);
    for (int i = 0; i < BURST; i++) {
      pool.execute(() -> block(done));
    }
    pool.shutdown();
    assertThatThrownBy(() -> pool.execute(() -> {})).isInstanceOf(RejectedExecutionException.class);

    looks.remove().run();
    assertThat(pool.getPoolSize()).as("blocked all the same").isGreaterThan(GradualPool.AT_ONCE);
    blocked.countDown();
    done.await();
    assertThat(pool.awaitTermination(1, TimeUnit.HOURS)).isTrue();
  }

  private void block(CountDownLatch done) {
    await(blocked);
    done.countDown();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
