package dev.autodeploy.internal.engine;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.Lease;
import dev.autodeploy.internal.deployment.DeploymentController;
import dev.autodeploy.internal.deployment.UnknownInstances;
import dev.autodeploy.internal.ledger.LedgerWriter;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.runtime.EventDispatcher;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.ProviderInstance;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Leases beside releases by force. Everything that a decision leads to is carried out at once, on
 * the thread that decided: an instance can be released, verified gone and forgotten between any two
 * steps of a thread that was just granted a lease of it. Under stress only: the model checker
 * replaces identity hash codes, which the maps of instances go by.
 */
public final class ReleaseRaceTest {
  private static final Executor AT_ONCE = Runnable::run;

  private final FakeTime time = new FakeTime();
  private final FakeProvider provider = new FakeProvider(time);
  private final DeploymentController voice;
  private final Queue<CompletableFuture<Lease>> asked = new ConcurrentLinkedQueue<>();

  /** Makes a deployment whose instance is ready and idle. */
  public ReleaseRaceTest() {
    EngineServices services =
        EngineServices.of(
            "host",
            provider,
            IdlePolicy.never(),
            CostMeter.free(),
            new LedgerWriter(new FakeStore()),
            new EventDispatcher(AT_ONCE, List.of()),
            time,
            time,
            time,
            AT_ONCE,
            AT_ONCE);
    int[] started = new int[1];
    voice =
        new DeploymentController(
            services,
            EngineHarness.voice(b -> b.releaseGrace(Duration.ZERO)),
            1,
            time.instant(),
            new SplittableRandom(1),
            () -> "voice-" + started[0]++,
            new Alone(),
            (controller, isBusy) -> {});
    voice.open();
    voice.deployment().acquireAsync().join().close();
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

  /** Takes a lease, which is closed in the end. */
  @Operation
  public void acquire() {
    CompletableFuture<Lease> lease = voice.deployment().acquireAsync();
    if (lease.isCompletedExceptionally()) {
      lease.handle((none, error) -> check(error)).join();
    }
    asked.add(lease);
  }

  private static boolean check(Throwable error) {
    if (!(error instanceof AutoDeployException)) {
      throw new IllegalStateException("no answer for a caller", error);
    }
    return true;
  }

  /** Takes the instances away from whoever has leases of them. */
  @Operation
  public void releaseNow() {
    voice.deployment().releaseNow();
  }

  /** Closes all leases: none is left that nobody can close. */
  @Validate
  public void nothingIsLeft() {
    time.run();
    for (CompletableFuture<Lease> lease : asked) {
      if (!lease.isDone()) {
        throw new IllegalStateException("left waiting: " + voice.deployment().status());
      }
      if (!lease.isCompletedExceptionally()) {
        lease.join().close();
      }
    }
    asked.clear();
    DeploymentStatus status = voice.deployment().status();
    if (status.pending() + status.inFlight() > 0) {
      throw new IllegalStateException("left: " + status);
    }
  }

  @Test
  void leaseBesideAReleaseByForce_isGrantedOrRefused() {
    new StressOptions()
        .iterations(Integer.getInteger("autodeploy.lincheck.scenarios", 5))
        .invocationsPerIteration(Integer.getInteger("autodeploy.lincheck.invocations", 200) * 50)
        .threads(2)
        .actorsPerThread(3)
        .actorsBefore(0)
        .actorsAfter(0)
        .check(ReleaseRaceTest.class);
  }
}
