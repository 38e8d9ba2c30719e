package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.Lease;
import dev.autodeploy.RouteRule;
import dev.autodeploy.spi.LedgerEntry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real threads and real time: what no order of events may break. */
@Timeout(120)
final class EngineStressTest {
  private static final int THREADS = 4;

  private final FakeProvider provider = new FakeProvider(InstantSource.system());
  private final FakeStore store = new FakeStore();

  private Engine engine() {
    return Engine.start(
        EngineConfig.builder()
            .owner("host")
            .idlePolicy(dev.autodeploy.spi.IdlePolicy.after(Duration.ofMinutes(5)))
            .costMeter(dev.autodeploy.spi.CostMeter.perHour("1", "USD"))
            .store(store)
            .drainTimeout(Duration.ofSeconds(10))
            .releaseTimeout(Duration.ofSeconds(30))
            .releaseOnShutdown(false)
            .build(provider));
  }

  private void assertNothingLeft(Engine engine, Deployment deployment) {
    engine.close();
    assertThat(deployment.status().pending()).isZero();
    assertThat(deployment.status().inFlight()).isZero();
    assertThat(deployment.status().instances()).isEmpty();
    assertThat(provider.running()).isEmpty();
    assertThat(store.lines(LedgerEntry.Released.class))
        .hasSameSizeAs(store.lines(LedgerEntry.Started.class));
    // A line can be there without a start: the release may come while the line is written.
    assertThat(provider.count("start"))
        .isLessThanOrEqualTo(store.lines(LedgerEntry.Started.class).size());
  }

  @ParameterizedTest
  @CsvSource({"0, 1, 1000000, 3000", "0, 3, 1, 2000", "1, 1, 1000000, 800", "1, 3, 2, 800"})
  void acquireAndClose_racingTheIdleDeadline_losesNoRequest(
      long idleMillis, int maxInstances, int concurrency, int rounds) throws Exception {
    Engine engine = engine();
    Deployment voice =
        engine.deploy(
            DeploymentSpec.builder("voice")
                .port(1)
                .idleTimeout(Duration.ofMillis(idleMillis))
                .maxInstances(maxInstances)
                .concurrency(concurrency)
                .build());
    AtomicInteger served = new AtomicInteger();
    AtomicInteger given = new AtomicInteger();
    // All come back together, as close to the idle deadline as they can.
    CyclicBarrier round = new CyclicBarrier(THREADS);
    List<Runnable> workers = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      SplittableRandom random = new SplittableRandom(i);
      workers.add(
          () -> {
            for (int n = 0; n < rounds; n++) {
              meet(round);
              LockSupport.parkNanos(idleMillis * (900_000 + random.nextInt(200_000)));
              if (random.nextInt(4) == 0) {
                cancelled(voice, random, given);
              } else {
                served(voice, random, served);
              }
            }
          });
    }
    run(workers);

    assertThat(served.get() + given.get()).isEqualTo(THREADS * rounds);
    assertThat(provider.mostAtOnce).isLessThanOrEqualTo(maxInstances);
    assertThat(provider.count("start")).isGreaterThan(10);
    assertNothingLeft(engine, voice);
  }

  private void served(Deployment voice, SplittableRandom random, AtomicInteger served) {
    try (Lease lease = voice.acquire(Duration.ofSeconds(60))) {
      assertThat(provider.running())
          .as("the instance of an open lease")
          .contains(lease.instanceId());
      spin(random.nextInt(3_000));
      assertThat(provider.running())
          .as("the instance of an open lease")
          .contains(lease.instanceId());
      served.incrementAndGet();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void cancelled(Deployment voice, SplittableRandom random, AtomicInteger given) {
    CompletableFuture<Lease> lease = voice.acquireAsync();
    spin(random.nextInt(20_000));
    if (!lease.cancel(false)) {
      lease.join().close();
    }
    given.incrementAndGet();
  }

  private static void meet(CyclicBarrier barrier) {
    try {
      barrier.await(60, TimeUnit.SECONDS);
    } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
      throw new IllegalStateException("a worker is stuck", e);
    }
  }

  private static void spin(int times) {
    for (int i = 0; i < times; i++) {
      Thread.onSpinWait();
    }
  }

  @Test
  void interrupt_atTheMomentOfTheGrant_leavesNoLease() throws Exception {
    Engine engine = engine();
    Deployment voice =
        engine.deploy(DeploymentSpec.builder("voice").port(1).concurrency(1).build());
    for (int round = 0; round < 1_000; round++) {
      Lease holder = voice.acquire(Duration.ofSeconds(60));
      CountDownLatch asked = new CountDownLatch(1);
      Thread caller =
          new Thread(
              () -> {
                asked.countDown();
                try (Lease lease = voice.acquire(Duration.ofSeconds(60))) {
                  assertThat(lease.instanceId()).isNotNull();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
      caller.start();
      asked.await();
      while (voice.status().pending() == 0) {
        Thread.onSpinWait();
      }
      CompletableFuture<Void> closed = CompletableFuture.runAsync(holder::close);
      spin(round % 2_000);
      caller.interrupt();
      caller.join();
      closed.join();
    }

    CompletableFuture<Lease> last = voice.acquireAsync();
    last.get(10, TimeUnit.SECONDS).close();
    assertNothingLeft(engine, voice);
  }

  @Test
  void everythingAtOnce_endsWithNothingLeft() throws Exception {
    Engine engine = engine();
    Deployment voice = engine.deploy(mixed(0));
    List<Runnable> workers = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      SplittableRandom random = new SplittableRandom(100 + i);
      workers.add(
          () -> {
            for (int round = 0; round < 1_000; round++) {
              anything(engine, voice, random);
            }
          });
    }
    run(workers);

    assertThat(provider.mostAtOnce).isLessThanOrEqualTo(3);
    assertThat(voice.acquireAsync().get(60, TimeUnit.SECONDS)).isNotNull();
    voice.releaseNow();
    assertNothingLeft(engine, voice);
  }

  private static DeploymentSpec mixed(int variant) {
    return DeploymentSpec.builder("voice")
        .port(1 + variant % 2)
        .maxInstances(3)
        .concurrency(2)
        .idleTimeout(Duration.ofMillis(1))
        .build();
  }

  private static void anything(Engine engine, Deployment voice, SplittableRandom random) {
    switch (random.nextInt(40)) {
      case 0 -> voice.release();
      case 1 -> voice.releaseNow();
      case 2 -> engine.update(mixed(random.nextInt(2)));
      case 3 -> voice.status();
      case 4 -> voice.cost();
      default -> {
        RouteRule[] rules = {
          RouteRule.defaultRule(),
          RouteRule.defaultRule(),
          RouteRule.scaleOut(),
          RouteRule.random(),
          RouteRule.roundRobin()
        };
        RouteRule rule = rules[random.nextInt(rules.length)];
        CompletableFuture<Lease> lease =
            voice.acquireAsync(new AcquireRequest(rule, Duration.ofSeconds(60)));
        if (random.nextInt(5) == 0) {
          spin(random.nextInt(5_000));
          if (lease.cancel(false)) {
            return;
          }
        }
        try {
          lease.join().close();
        } catch (CompletionException e) {
          assertThat(((AutoDeployException) e.getCause()).code())
              .isIn(
                  ErrorCode.RELEASED,
                  ErrorCode.REPLICA_QUOTA_EXCEEDED,
                  ErrorCode.ROUTE_TARGET_NOT_FOUND);
        }
      }
    }
  }

  @Test
  void close_underLoad_answersEverybodyAndLeavesNothing() throws Exception {
    for (int round = 0; round < 100; round++) {
      Engine engine = engine();
      Deployment voice = engine.deploy(mixed(0));
      CountDownLatch begun = new CountDownLatch(THREADS);
      AtomicInteger refused = new AtomicInteger();
      List<Runnable> workers = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        workers.add(
            () -> {
              begun.countDown();
              boolean open = true;
              while (open) {
                try (Lease lease = voice.acquire(Duration.ofSeconds(60))) {
                  assertThat(lease.instanceId()).isNotNull();
                } catch (AutoDeployException e) {
                  assertThat(e.code()).isEqualTo(ErrorCode.CLOSED);
                  open = false;
                  refused.incrementAndGet();
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              }
            });
      }
      CompletableFuture<Void> closing =
          CompletableFuture.runAsync(
              () -> {
                await(begun);
                engine.close();
              });
      run(workers);
      closing.get(60, TimeUnit.SECONDS);

      assertThat(refused).hasValue(THREADS);
      assertNothingLeft(engine, voice);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void run(List<Runnable> workers) throws InterruptedException, ExecutionException {
    var executor = Executors.newFixedThreadPool(workers.size());
    try {
      List<Future<?>> futures = new ArrayList<>();
      for (Runnable worker : workers) {
        futures.add(executor.submit(worker));
      }
      for (Future<?> future : futures) {
        future.get();
      }
    } finally {
      executor.shutdownNow();
    }
  }
}
