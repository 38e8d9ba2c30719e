package dev.autodeploy.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.spi.Scheduler.Cancellable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class ManualTimeTest {
  private final ManualTime time = ManualTime.create();
  private final List<String> log = new ArrayList<>();

  @Test
  void advance_runsTimersInOrderOfTimeAtTheirMoment() {
    note(Duration.ofSeconds(2), "b");
    note(Duration.ofSeconds(1), "a");
    note(Duration.ofSeconds(2), "c");
    note(Duration.ofSeconds(3), "late");

    time.advance(Duration.ofSeconds(2));

    assertThat(log).containsExactly("a@1000", "b@2000", "c@2000");
    assertThat(time.now()).isEqualTo(Duration.ofSeconds(2));
  }

  @Test
  void advance_runsTasksAfterTheTimerThatHandedThemIn() {
    time.schedule(
        Duration.ofSeconds(1),
        () -> {
          log.add("first timer");
          time.execute(() -> log.add("its task"));
        });
    time.schedule(Duration.ofSeconds(1), () -> log.add("second timer"));

    time.advance(Duration.ofSeconds(1));

    assertThat(log).containsExactly("first timer", "its task", "second timer");
  }

  @Test
  void advance_runsTimersThatTimersSchedule() {
    time.schedule(Duration.ofSeconds(1), () -> note(Duration.ofSeconds(1), "second"));

    time.advance(Duration.ofSeconds(5));

    assertThat(log).containsExactly("second@2000");
  }

  @Test
  void schedule_withoutDelay_doesNotRunOnTheCallingThread() {
    note(Duration.ofSeconds(-1), "now");
    assertThat(log).isEmpty();

    time.runReady();

    assertThat(log).containsExactly("now@0");
  }

  @Test
  void cancel_preventsTheTimer() {
    Cancellable timer = time.schedule(Duration.ofSeconds(1), () -> log.add("cancelled"));
    timer.cancel();
    timer.cancel();

    time.advance(Duration.ofSeconds(2));

    assertThat(log).isEmpty();
    assertThat(time.untilNextTimer()).isEmpty();
  }

  @Test
  void cancel_ofVeryManyTimers_keepsTheOthers() {
    for (int i = 0; i < 10_000; i++) {
      time.schedule(Duration.ofMillis(i), () -> log.add("cancelled")).cancel();
    }
    note(Duration.ofSeconds(1), "kept");

    assertThat(time.untilNextTimer()).contains(Duration.ofSeconds(1));
    time.advance(Duration.ofSeconds(20));
    assertThat(log).containsExactly("kept@1000");
  }

  @Test
  void cancel_byATaskOfTheSameMoment_preventsTheTimerInAnyOrder() {
    for (long seed = 0; seed < 50; seed++) {
      ManualTime shuffled = ManualTime.shuffled(seed);
      List<String> ran = new ArrayList<>();
      Cancellable[] second = new Cancellable[1];
      Cancellable first =
          shuffled.schedule(
              Duration.ofSeconds(1),
              () -> {
                ran.add("first");
                second[0].cancel();
              });
      second[0] =
          shuffled.schedule(
              Duration.ofSeconds(1),
              () -> {
                ran.add("second");
                first.cancel();
              });
      shuffled.advance(Duration.ofSeconds(1));
      assertThat(ran).hasSize(1);
    }
  }

  @Test
  void stepClock_movesOnlyTheWallClock() {
    note(Duration.ofSeconds(10), "timer");
    time.stepClock(Duration.ofHours(-1));
    time.advance(Duration.ofSeconds(1));

    assertThat(time.instant()).isEqualTo(ManualTime.START.minusSeconds(3599));
    assertThat(time.read()).isEqualTo(1_000_000_000L);
    assertThat(log).isEmpty();
  }

  @Test
  void shuffled_withTheSameSeed_isTheSameOrder_andWithOthersAnother() {
    Set<List<Integer>> orders = new HashSet<>();
    for (long seed = 0; seed < 20; seed++) {
      List<Integer> order = shuffledOrder(seed);
      assertThat(shuffledOrder(seed)).isEqualTo(order);
      orders.add(order);
    }
    assertThat(orders).hasSizeGreaterThan(10);
  }

  private static List<Integer> shuffledOrder(long seed) {
    ManualTime time = ManualTime.shuffled(seed);
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      int number = i;
      if (i % 2 == 0) {
        time.execute(() -> order.add(number));
      } else {
        time.schedule(Duration.ZERO, () -> order.add(number));
      }
    }
    time.runReady();
    return order;
  }

  @Test
  void runReady_withALimit_stopsInTheMiddle() {
    for (int i = 0; i < 5; i++) {
      String name = "task " + i;
      time.execute(() -> log.add(name));
    }
    assertThat(time.runReady(2)).isEqualTo(2);
    assertThat(log).containsExactly("task 0", "task 1");
    assertThat(time.runReady()).isEqualTo(3);
  }

  @Test
  void await_letsPassExactlyTheTimeThatItTakes() {
    CompletableFuture<String> future = new CompletableFuture<>();
    time.schedule(Duration.ofMinutes(3), () -> future.complete("done"));

    assertThat(time.<String>await(future)).isEqualTo("done");
    assertThat(time.now()).isEqualTo(Duration.ofMinutes(3));
  }

  @Test
  void await_ofAFailure_throwsItsCause() {
    CompletableFuture<String> future =
        CompletableFuture.<String>failedFuture(new UncheckedIOException(new IOException("broken")))
            .thenApply(String::trim);

    assertThatThrownBy(() -> time.<String>await(future)).isInstanceOf(UncheckedIOException.class);
  }

  @Test
  void await_ofWhatNothingCompletes_saysSo() {
    assertThatThrownBy(() -> time.<String>await(new CompletableFuture<>()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("nothing is left");
  }

  @Test
  void call_ofSomethingThatWaitsAgainAndAgain_movesTheTimeForIt() {
    int rounds = 200;
    int sum =
        time.<Integer>call(
            () -> {
              int total = 0;
              for (int i = 0; i < rounds; i++) {
                CompletableFuture<Integer> answer = new CompletableFuture<>();
                int value = i;
                time.execute(
                    () -> time.schedule(Duration.ofMillis(10), () -> answer.complete(value)));
                total += answer.join();
                log.add("round " + i + " at " + time.now().toMillis());
              }
              return total;
            });

    assertThat(sum).isEqualTo(rounds * (rounds - 1) / 2);
    assertThat(time.now()).isEqualTo(Duration.ofMillis(10L * rounds));
    assertThat(log).hasSize(rounds).endsWith("round 199 at 2000");
  }

  @Test
  void call_neverMovesTheTimeWhileTheCallRuns() {
    time.schedule(Duration.ofSeconds(1), () -> log.add("timer"));
    time.<Boolean>call(
        () -> {
          long end = System.nanoTime() + Duration.ofMillis(20).toNanos();
          while (System.nanoTime() < end) {
            assertThat(time.read()).isZero();
          }
          return true;
        });
    assertThat(log).isEmpty();
  }

  @Test
  void call_thatWaitsForALatch_goesOnToo() throws InterruptedException {
    CountDownLatch latch = new CountDownLatch(1);
    time.schedule(Duration.ofHours(1), latch::countDown);

    time.<Boolean>call(
        () -> {
          latch.await();
          return true;
        });

    assertThat(time.now()).isEqualTo(Duration.ofHours(1));
  }

  @Test
  void call_thatNothingCanWake_saysWhereItWaits() {
    CompletableFuture<String> never = new CompletableFuture<>();
    assertThatThrownBy(() -> time.<String>call(never::join))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("nothing is left that could wake it")
        .satisfies(
            e ->
                assertThat(e.getStackTrace())
                    .anyMatch(frame -> frame.getMethodName().equals("join")));
    assertThat(time.runReady()).isZero();
  }

  @Test
  void call_thatThrows_throwsTheSame() {
    assertThatThrownBy(
            () ->
                time.<String>call(
                    () -> {
                      throw new IllegalArgumentException("wrong");
                    }))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("wrong");
  }

  @Test
  void aTask_mustNotMoveTheTime() {
    time.execute(() -> time.advance(Duration.ofSeconds(1)));

    assertThatThrownBy(time::runReady)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("must not move the time");
  }

  @Test
  void aTaskThatThrows_failsTheTestAndLeavesTheTimeUsable() {
    time.execute(
        () -> {
          throw new IllegalArgumentException("broken task");
        });
    time.execute(() -> log.add("next"));

    assertThatThrownBy(time::runReady).hasMessage("broken task");
    time.runReady();
    assertThat(log).containsExactly("next");
  }

  @Test
  void advance_doesNotGoBack() {
    assertThatThrownBy(() -> time.advance(Duration.ofNanos(-1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void kill_endsEverythingOfAProcessAndNothingElse() {
    ManualProcess process = time.newProcess();
    process.execute(() -> log.add("its task"));
    process.schedule(Duration.ofSeconds(1), () -> log.add("its timer"));
    note(Duration.ofSeconds(1), "other");

    process.kill();
    process.execute(() -> log.add("a late task"));
    process.schedule(Duration.ofSeconds(1), () -> log.add("a late timer"));
    time.advance(Duration.ofSeconds(5));

    assertThat(log).containsExactly("other@1000");
  }

  private void note(Duration delay, String name) {
    time.schedule(delay, () -> log.add(name + "@" + time.now().toMillis()));
  }
}
