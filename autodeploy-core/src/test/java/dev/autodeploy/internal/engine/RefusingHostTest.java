package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.internal.util.SystemScheduler;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.LedgerEntry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * An engine whose host shuts down, or fills up, the scheduler or executor that it handed in. On
 * real threads and the system's clock: what the engine falls back on is the JDK's own.
 */
@Timeout(60)
class RefusingHostTest {
  private final FakeProvider provider = new FakeProvider(InstantSource.system());
  private final FakeStore store = new FakeStore();
  private final SystemScheduler timers = new SystemScheduler();
  private final AtomicBoolean noTimers = new AtomicBoolean();
  private final AtomicBoolean noCallbacks = new AtomicBoolean();
  private final AtomicBoolean noProviderCalls = new AtomicBoolean();

  @AfterEach
  void endTimers() {
    timers.close();
  }

  @Test
  void close_withoutTimers_cutsADrainShort() throws Exception {
    Engine engine = engine(IdlePolicy.after(Duration.ofMinutes(5)));
    deploy(engine).acquireAsync().get(); // and not closed
    noTimers.set(true);

    engine.close();

    assertThat(provider.running()).isEmpty();
    assertThat(store.lines(LedgerEntry.Released.class)).hasSize(1);
  }

  @Test
  void close_withoutTimers_triesAReleaseAgainThatFailed() throws Exception {
    CountDownLatch failed = new CountDownLatch(1);
    Engine engine =
        engine(
            IdlePolicy.after(Duration.ofMinutes(5)),
            event -> {
              if (event instanceof DeploymentEvent.InstanceReleaseFailed) {
                provider.releaseAnswer = null;
                failed.countDown();
              }
            });
    deploy(engine).acquireAsync().get().close();
    provider.releaseAnswer = CompletableFuture.failedFuture(new IllegalStateException("busy"));
    noTimers.set(true);

    engine.close();

    assertThat(failed.await(0, TimeUnit.SECONDS)).isTrue();
    assertThat(provider.running()).isEmpty();
    assertThat(store.lines(LedgerEntry.Released.class)).hasSize(1);
  }

  @Test
  void probe_thatCannotBeTimed_isNotTheLast() throws Exception {
    provider.ready = false;
    Engine engine = engine(IdlePolicy.after(Duration.ofMinutes(5)));
    Deployment voice = deploy(engine);
    noTimers.set(true);
    CompletableFuture<Lease> lease = voice.acquireAsync();
    CompletableFuture.runAsync(
        () -> provider.ready = true, CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS));

    lease.get().close();

    noTimers.set(false);
    engine.close();
    assertThat(provider.running()).isEmpty();
  }

  /** The JDK's own timer has one thread, for the whole process. */
  @Test
  void releaseThatHangs_withoutTimersAndThreads_stopsNoOtherTimer() throws Exception {
    CountDownLatch hangs = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Engine engine = engine(IdlePolicy.after(Duration.ofMinutes(5)));
    deploy(engine).acquireAsync().get(); // and not closed
    provider.onRelease =
        () -> {
          hangs.countDown();
          try {
            goOn.await();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        };
    noTimers.set(true);
    noCallbacks.set(true);
    noProviderCalls.set(true);
    CompletableFuture<Void> closed = CompletableFuture.runAsync(engine::close);
    hangs.await();

    assertThat(new CompletableFuture<Void>().orTimeout(100, TimeUnit.MILLISECONDS))
        .failsWithin(Duration.ofSeconds(30));

    goOn.countDown();
    closed.get();
    assertThat(provider.running()).isEmpty();
  }

  /** On the thread that carries effects out it would wait for what that thread is to do. */
  @Test
  void callbackThatBlocks_whereNoneIsTaken_stopsNothing() throws Exception {
    Engine engine = engine(IdlePolicy.after(Duration.ofMillis(100)));
    Deployment voice = deploy(engine);
    provider.ready = false;
    noCallbacks.set(true);
    CompletableFuture<Void> both =
        voice
            .acquireAsync()
            .thenAccept(
                lease -> {
                  try (lease) {
                    voice.acquire(Duration.ofMillis(500)).close();
                  } catch (RuntimeException e) {
                    // There is one instance, and it is taken: told in time is all that is asked.
                  } catch (InterruptedException e) {
                    throw new AssertionError(e);
                  }
                });
    provider.ready = true;

    both.get();

    noCallbacks.set(false);
    engine.close();
    assertThat(provider.running()).isEmpty();
  }

  private static Deployment deploy(Engine engine) {
    return engine.deploy(
        DeploymentSpec.builder("voice").port(1).concurrency(1).releaseGrace(Duration.ZERO).build());
  }

  private Engine engine(IdlePolicy policy, DeploymentListener... listeners) {
    return Engine.start(
        EngineConfig.builder()
            .owner("host")
            .idlePolicy(policy)
            .costMeter(CostMeter.perHour("1", "USD"))
            .store(store)
            .listeners(List.of(listeners))
            .scheduler(
                (delay, task) -> {
                  if (noTimers.get()) {
                    throw new RejectedExecutionException("shut down");
                  }
                  return timers.schedule(delay, task);
                })
            .providerExecutor(executor(noProviderCalls))
            .callbackExecutor(executor(noCallbacks))
            .drainTimeout(Duration.ofSeconds(1))
            .releaseTimeout(Duration.ofSeconds(6))
            .releaseOnShutdown(false)
            .build(provider));
  }

  private static Executor executor(AtomicBoolean refuses) {
    return task -> {
      if (refuses.get()) {
        throw new RejectedExecutionException("full");
      }
      new Thread(task).start();
    };
  }
}
