package dev.autodeploy.internal;

import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.Lease;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * The shell of a deployment under threads: whatever they do at once is as if they had done it one
 * after another. One ready instance serves two requests at once, and what the shell hands to its
 * executors is left there until the threads are through, so that every call is one decision.
 */
public final class ControllerLinearizabilityTest {
  private final EngineHarness harness = new EngineHarness();
  private final Deployment voice;
  private final Queue<Lease> leases = new ConcurrentLinkedQueue<>();
  private final Queue<CompletableFuture<Lease>> waiting = new ConcurrentLinkedQueue<>();

  /** Makes an engine with one deployment, whose instance is ready and idle. */
  public ControllerLinearizabilityTest() {
    harness.start();
    voice = harness.deploy(b -> b.concurrency(2).maxPending(3));
    harness.acquire(voice).close();
  }

  /** Returns whether there was room at once. */
  @Operation
  public String acquire() {
    CompletableFuture<Lease> future = voice.acquire();
    if (!future.isDone()) {
      waiting.add(future);
      return "waits";
    }
    leases.add(future.join());
    return "served";
  }


  /** Gives up waiting. */
  @Operation
  public void cancel() {
    CompletableFuture<Lease> future = waiting.poll();
    if (future != null) {
      future.cancel(false);
    }
  }

  /** Closes a lease. */
  @Operation
  public void close() {
    Lease lease = leases.poll();
    if (lease != null) {
      lease.close();
    }
  }

  /** Returns what the status counts. */
  @Operation
  public String status() {
    DeploymentStatus status = voice.status();
    return status.inFlight() + " in flight, " + status.pending() + " wait";
  }

  /** Lets everything run that was handed over: nobody waits for ever and no lease is lost. */
  @Validate
  public void nothingIsLeft() {
    harness.time.run();
    for (int i = 0; i < 20 && voice.status().pending() + voice.status().inFlight() > 0; i++) {
      waiting.forEach(future -> future.thenAccept(Lease::close));
      leases.forEach(Lease::close);
      harness.time.run();
    }
    DeploymentStatus status = voice.status();
    if (status.pending() + status.inFlight() > 0) {
      throw new IllegalStateException("left: " + status);
    }
  }

  @Test
  void modelChecking() {
    new ModelCheckingOptions()
        .iterations(Integer.getInteger("autodeploy.lincheck.iterations", 20))
        .invocationsPerIteration(Integer.getInteger("autodeploy.lincheck.invocations", 500))
        .threads(2)
        .actorsPerThread(3)
        .check(ControllerLinearizabilityTest.class);
  }

  @Test
  void stress() {
    new StressOptions()
        .iterations(Integer.getInteger("autodeploy.lincheck.iterations", 20))
        .invocationsPerIteration(Integer.getInteger("autodeploy.lincheck.invocations", 500))
        .threads(3)
        .actorsPerThread(3)
        .check(ControllerLinearizabilityTest.class);
  }
}
