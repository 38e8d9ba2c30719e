package dev.autodeploy.testing.world;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.Scheduler;
import dev.autodeploy.spi.StartRequest;
import dev.autodeploy.spi.Ticker;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The machines behind simulated providers: they outlive every engine. */
public final class SimulatedWorld {

  /** Sees every call at the moment at which it arrives. */
  public interface Watch {
    void starting(StartRequest request, PlannedLife plan);

    void releasing(String instanceId);

    void removed(SimulatedMachine machine);

    /** An instance that sleeps, or does not, is told to wake. */
    void waking(SimulatedMachine machine);

    void closing(String owner, List<SimulatedMachine> left);

    /** Decides how the instances of an owner are listed. */
    ListAnswer listing(String owner);

    void listed(SimulatedMachine machine, boolean shown);
  }

  private static final int FIRST_PORT = 20_000;
  private static final int PORTS = 40_000;

  final Ticker ticker;
  final InstantSource clock;
  final Scheduler timers;
  public final Map<String, SimulatedMachine> machines = new LinkedHashMap<>();

  /** The machines that exist, by id, in the order of their starts. */
  public final Map<String, SimulatedMachine> existing = new LinkedHashMap<>();

  public final Queue<PlannedLife> nextPlans = new ArrayDeque<>();
  public Function<StartRequest, PlannedLife> plans;
  public Duration listTakes = Duration.ZERO;
  public UnaryOperator<List<ProviderInstance>> onList = UnaryOperator.identity();
  public @Nullable Watch watch;

  /** The GPUs that the provider says it has. */
  public ProviderCapacity capacity = ProviderCapacity.unknown();

  private final Map<String, SimulatedConnection> owners = new HashMap<>();
  private final Map<String, Integer> maxExisting = new HashMap<>();

  /** Ids that were released before their start arrived: they must not come up. */
  private final Set<String> refused = new HashSet<>();

  /**
   * Creates a world in which nothing exists.
   *
   * @param ticker measures durations
   * @param clock gives the moments in records
   * @param timers lets time pass
   */
  public SimulatedWorld(Ticker ticker, InstantSource clock, Scheduler timers) {
    this.ticker = ticker;
    this.clock = clock;
    this.timers = timers;
    PlannedLife atOnce = new PlannedLife();
    this.plans = request -> atOnce;
  }

  void open(String owner, SimulatedConnection connection) {
    if (owners.putIfAbsent(owner, connection) != null) {
      throw new AutoDeployException(
          ErrorCode.OWNER_IN_USE,
          null,
          "owner '"
              + owner
              + "' is in use on this simulated provider by another engine; close that one, or cut"
              + " it off with reconnect()");
    }
    existing.values().stream()
        .filter(machine -> machine.request.owner().equals(owner))
        .forEach(machine -> machine.left = false);
  }

  void free(String owner) {
    owners.remove(owner);
  }

  void close(String owner) {
    List<SimulatedMachine> remains =
        existing.values().stream()
            .filter(machine -> machine.request.owner().equals(owner) && !machine.left)
            .toList();
    if (watch != null) {
      watch.closing(owner, remains);
    }
    remains.forEach(SimulatedMachine::vanish);
    free(owner);
  }

  CompletionStage<ProviderInstance> start(StartRequest request) {
    String id = request.instanceId();
    if (refused.contains(id)) {
      return failed("instance " + id + " was released before its start arrived");
    }
    if (machines.containsKey(id)) {
      return failed("there is already an instance " + id);
    }
    PlannedLife next = nextPlans.poll();
    PlannedLife plan = next != null ? next : plans.apply(request);
    List<SimulatedMachine> awake = existing.values().stream().filter(it -> !it.isAsleep()).toList();
    List<String> holders = GpuUse.inTheWay(request, awake, capacity);
    if (!holders.isEmpty()) {
      plan =
          PlannedLife.failing(
              InstanceStartException.noRoom("its GPU is held by instance " + holders.get(0)));
    }
    if (watch != null) {
      watch.starting(request, plan);
    }
    SimulatedMachine machine =
        new SimulatedMachine(this, request, plan, FIRST_PORT + machines.size() % PORTS);
    machines.put(id, machine);
    existing.put(id, machine);
    int count = existing(request.deployment()).size();
    maxExisting.merge(request.deployment(), count, Math::max);
    return machine.start();
  }

  CompletionStage<Void> release(String instanceId) {
    if (watch != null) {
      watch.releasing(instanceId);
    }
    SimulatedMachine machine = machines.get(instanceId);
    if (machine == null) {
      refused.add(instanceId);
      return CompletableFuture.completedFuture(null);
    }
    return machine.release();
  }

  CompletionStage<List<ProviderInstance>> list(String owner) {
    ListAnswer answer = watch == null ? ListAnswer.after(listTakes) : watch.listing(owner);
    List<ProviderInstance> asked = answer.stale() ? listNow(owner, answer) : List.of();
    CompletableFuture<List<ProviderInstance>> stage = new CompletableFuture<>();
    Runnable reply =
        () -> {
          if (answer.fails()) {
            stage.completeExceptionally(new IllegalStateException("list failed as planned"));
          } else {
            stage.complete(
                List.copyOf(onList.apply(answer.stale() ? asked : listNow(owner, answer))));
          }
        };
    if (answer.takes().isZero()) {
      reply.run();
    } else {
      timers.schedule(answer.takes(), reply);
    }
    return stage;
  }

  List<SimulatedMachine> existing(String deployment) {
    List<SimulatedMachine> result = new ArrayList<>(existing.size());
    for (SimulatedMachine machine : existing.values()) {
      if (machine.request.deployment().equals(deployment)) {
        result.add(machine);
      }
    }
    return result;
  }

  public int maxExisting(String deployment) {
    return maxExisting.getOrDefault(deployment, 0);
  }

  void removed(SimulatedMachine machine) {
    existing.remove(machine.request.instanceId());
    if (watch != null) {
      watch.removed(machine);
    }
  }

  void tellExited(SimulatedMachine machine, InstanceExit exit) {
    SimulatedConnection connection = owners.get(machine.request.owner());
    if (connection != null) {
      connection.tellExited(machine.request.instanceId(), exit);
    }
  }

  private List<ProviderInstance> listNow(String owner, ListAnswer answer) {
    List<ProviderInstance> result = new ArrayList<>();
    for (SimulatedMachine machine : existing.values()) {
      if (machine.request.owner().equals(owner)) {
        boolean shown = machine.isListed() && answer.shows().test(machine);
        if (shown) {
          result.add(machine.toInstance());
        }
        if (watch != null) {
          watch.listed(machine, shown);
        }
      }
    }
    return result;
  }

  private static CompletionStage<ProviderInstance> failed(String message) {
    return CompletableFuture.failedFuture(new InstanceStartException(message));
  }
}
