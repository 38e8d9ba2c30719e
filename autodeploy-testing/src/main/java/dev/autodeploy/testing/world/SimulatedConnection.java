package dev.autodeploy.testing.world;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.SleepMode;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.StartRequest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The way of one engine to the machines of a {@link SimulatedWorld}; it can be cut off. */
public final class SimulatedConnection implements InstanceProvider {
  private final SimulatedWorld world;
  private @Nullable ProviderContext context;
  private boolean cut;
  private boolean closed;

  /**
   * Creates a connection that no engine uses yet.
   *
   * @param world the machines
   */
  public SimulatedConnection(SimulatedWorld world) {
    this.world = world;
  }

  /**
   * Cuts the engine off, as if its process had been killed: what was under way is carried out, but
   * it never hears of it.
   *
   * @return a connection for its successor
   */
  public SimulatedConnection reconnect() {
    ProviderContext current = context;
    if (current != null && !cut && !closed) {
      world.free(current.owner());
    }
    cut = true;
    return new SimulatedConnection(world);
  }

  @Override
  public String name() {
    return "simulated";
  }

  @Override
  public void open(ProviderContext newContext) {
    requireNonNull(newContext, "context");
    if (context != null || cut || closed) {
      throw new IllegalStateException(
          "this provider has been used by an engine; take newConnection() or reconnect()");
    }
    world.open(newContext.owner(), this);
    context = newContext;
  }

  @Override
  public boolean sharesGpusOfSleepers() {
    return true;
  }

  @Override
  public ProviderCapacity capacity() {
    return world.capacity;
  }

  @Override
  public CompletionStage<ProviderInstance> start(StartRequest request) {
    requireNonNull(request, "request");
    return cut ? new CompletableFuture<>() : relay(world.start(request));
  }

  @Override
  public CompletionStage<Void> release(String instanceId, Duration grace) {
    requireNonNull(instanceId, "instanceId");
    requireNonNull(grace, "grace");
    return cut ? new CompletableFuture<>() : relay(world.release(instanceId));
  }

  @Override
  public CompletionStage<List<ProviderInstance>> list(String owner) {
    requireNonNull(owner, "owner");
    return cut ? new CompletableFuture<>() : relay(world.list(owner));
  }

  @Override
  public CompletionStage<List<String>> logs(String instanceId, int lines) {
    SimulatedMachine machine = world.machines.get(requireNonNull(instanceId, "instanceId"));
    return CompletableFuture.completedFuture(machine == null ? List.of() : machine.logs(lines));
  }

  /** Returns whether the plan has the instance ready; the probe is not asked. */
  @Override
  public boolean isReady(ProviderInstance instance, ReadinessProbe probe) {
    SimulatedMachine machine = world.machines.get(instance.instanceId());
    return !cut && machine != null && machine.isReady();
  }

  /** Returns whether the plan has the instance lose its GPUs. */
  @Override
  public CompletionStage<Optional<String>> check(ProviderInstance instance) {
    SimulatedMachine machine = world.machines.get(instance.instanceId());
    boolean lost = !cut && machine != null && world.ticker.read() >= machine.losesGpusAt();
    return CompletableFuture.completedFuture(
        lost ? Optional.of("it has lost its GPUs, as planned") : Optional.empty());
  }

  /** Puts an instance to sleep, wakes it, or says whether it sleeps, as its plan has it. */
  @Override
  public CompletionStage<String> call(ProviderInstance instance, SleepMode.Request request) {
    SimulatedMachine machine = world.machines.get(instance.instanceId());
    return cut || machine == null ? new CompletableFuture<>() : relay(machine.call(request));
  }

  /** Lets an instance outlive the engine, without a limit of time. */
  @Override
  public CompletionStage<Void> detach(String instanceId) {
    SimulatedMachine machine = world.machines.get(requireNonNull(instanceId, "instanceId"));
    if (machine != null && !cut) {
      machine.left = true;
    }
    return CompletableFuture.completedFuture(null);
  }

  /** Ends the use by the engine; its instances that were not left vanish. */
  @Override
  public void close() {
    ProviderContext current = context;
    if (current != null && !cut && !closed) {
      world.close(current.owner());
    }
    closed = true;
  }

  void tellExited(String instanceId, InstanceExit exit) {
    ProviderContext current = context;
    if (current != null && !cut && !closed) {
      current.observer().exited(instanceId, exit);
    }
  }

  /** Passes an answer on, unless the engine has been cut off meanwhile. */
  private <T extends @Nullable Object> CompletionStage<T> relay(CompletionStage<T> stage) {
    CompletableFuture<T> relayed = new CompletableFuture<>();
    stage.whenComplete(
        (value, error) -> {
          if (cut) {
            return;
          }
          if (error != null) {
            relayed.completeExceptionally(Unwrap.cause(error));
          } else {
            relayed.complete(value);
          }
        });
    return relayed;
  }
}
