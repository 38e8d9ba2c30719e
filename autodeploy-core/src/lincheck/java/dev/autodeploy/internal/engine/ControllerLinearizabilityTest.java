package dev.autodeploy.internal.engine;

import dev.autodeploy.internal.deployment.DeploymentController;
import dev.autodeploy.internal.deployment.UnknownInstances;
import dev.autodeploy.internal.ledger.LedgerWriter;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.runtime.EventDispatcher;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.Lease;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.ProviderInstance;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * The shell of a deployment under threads: whatever they do at once is as if they had done it one
 * after another. One ready instance serves two requests at once. What the shell hands to its
 * executors is left there until the threads are through, so that every call is one decision; each
 * thread closes and cancels only what is its own.
 */
public final class ControllerLinearizabilityTest {
  private static final int THREADS = 2;
  private static final Duration IDLE = Duration.ofMinutes(5);

  private final FakeTime time = new FakeTime();
  private final FakeProvider provider = new FakeProvider(time);
  private final DeploymentController voice;
  private final List<Caller> callers = Stream.generate(Caller::new).limit(THREADS + 2).toList();

  /** Makes a deployment whose instance is ready and idle. */
  public ControllerLinearizabilityTest() {
    EngineServices services =
        EngineServices.of(
            "host",
            provider,
            IdlePolicy.after(IDLE),
            CostMeter.perHour("3.60", "USD"),
            new LedgerWriter(new FakeStore()),
            new EventDispatcher(time.executor(), List.of()),
            time,
            time,
            time,
            time.executor(),
            time.executor());
    int[] started = new int[1];
    voice =
        new DeploymentController(
            services,
            EngineHarness.voice(b -> b.concurrency(2).maxPending(3)),
            1,
            time.instant(),
            new SplittableRandom(1),
            () -> "voice-" + started[0]++,
            new Alone(),
            (controller, isBusy) -> {});
    voice.open();
    CompletableFuture<Lease> first = voice.deployment().acquireAsync();
    time.run();
    first.join().close();
    time.run();
  }

  /** There is no other deployment, and nobody to look after this one. */
  private static final class Alone implements UnknownInstances {
    @Override
    public boolean startedAfterRelease(ProviderInstance late) {
      return false;
    }

    @Override
    public void seen(List<ProviderInstance> listed) {}
  }

  /**
   * Asks for a lease.
   *
   * @param thread whose it is
   * @return whether there was one at once
   */
  @Operation
  public boolean acquire(@Param(gen = ThreadIdGen.class) int thread) {
    CompletableFuture<Lease> asked = voice.deployment().acquireAsync();
    Caller caller = callers.get(thread);
    if (asked.isDone()) {
      caller.leases.add(asked.join());
      return true;
    }
    caller.waiting.add(asked);
    return false;
  }

  /**
   * Gives up waiting.
   *
   * @param thread whose it is
   */
  @Operation
  public void cancel(@Param(gen = ThreadIdGen.class) int thread) {
    CompletableFuture<Lease> asked = callers.get(thread).waiting.poll();
    if (asked != null) {
      asked.cancel(false);
    }
  }

  /**
   * Closes a lease.
   *
   * @param thread whose it is
   */
  @Operation
  public void close(@Param(gen = ThreadIdGen.class) int thread) {
    Lease lease = callers.get(thread).leases.poll();
    if (lease != null) {
      lease.close();
    }
  }

  /** Gives the instance up. */
  @Operation
  public void release() {
    CompletableFuture<Void> gone = voice.deployment().release();
    if (gone.isCompletedExceptionally()) {
      throw new IllegalStateException("release failed");
    }
  }

  /**
   * Looks at the deployment.
   *
   * @return what it counts
   */
  @Operation
  public String status() {
    DeploymentStatus status = voice.deployment().status();
    return status.inFlight() + " in flight, " + status.pending() + " wait, " + status.state();
  }

  /** Does what was left to be done: nobody waits for ever, and the idle instance is released. */
  @Validate
  public void nothingIsLeft() {
    time.run();
    while (callers.stream().anyMatch(Caller::isAnswered)) {
      callers.forEach(Caller::closeAll);
      time.run();
    }
    DeploymentStatus status = voice.deployment().status();
    if (status.pending() + status.inFlight() > 0) {
      throw new IllegalStateException("left: " + status);
    }
    time.pass(IDLE);
    if (!provider.running().isEmpty()) {
      throw new IllegalStateException("still runs: " + voice.deployment().status());
    }
  }

  @Test
  void whateverThreadsDoAtOnce_isAsIfOneAfterAnother() {
    new StressOptions()
        .iterations(Integer.getInteger("autodeploy.lincheck.scenarios", 5))
        .invocationsPerIteration(Integer.getInteger("autodeploy.lincheck.invocations", 200))
        .threads(THREADS)
        .actorsPerThread(3)
        .actorsBefore(2)
        .actorsAfter(1)
        .check(ControllerLinearizabilityTest.class);
  }

  /** The requests of one thread. */
  private static final class Caller {
    private final Queue<Lease> leases = new ArrayDeque<>();
    private final Queue<CompletableFuture<Lease>> waiting = new ArrayDeque<>();

    boolean isAnswered() {
      return !leases.isEmpty() || waiting.stream().anyMatch(CompletableFuture::isDone);
    }

    void closeAll() {
      leases.forEach(Lease::close);
      leases.clear();
      waiting.stream()
          .filter(f -> f.isDone() && !f.isCompletedExceptionally())
          .forEach(f -> f.join().close());
      waiting.removeIf(CompletableFuture::isDone);
    }
  }
}
