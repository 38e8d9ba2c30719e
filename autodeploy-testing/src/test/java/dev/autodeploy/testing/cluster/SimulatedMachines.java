package dev.autodeploy.testing.cluster;

import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.StartRequest;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The provider that all engines of a simulated cluster use, at once if they like: it keeps nobody
 * out. Calls take their time, also beyond the end of who has made them.
 */
final class SimulatedMachines {
  static final long NEVER = Long.MAX_VALUE;

  /** An instance. */
  static final class Machine {
    final StartRequest request;
    final long askedAt;
    final Instant startedAt;
    final URI endpoint;
    long upAt = NEVER;
    long readyAt = NEVER;
    long exitedAt = NEVER;
    long goneAt = NEVER;
    boolean released;

    /** True if it was made after another leader was elected than the one that asked for it. */
    boolean late;

    Machine(StartRequest request, long askedAt, Instant startedAt, int port) {
      this.request = request;
      this.askedAt = askedAt;
      this.startedAt = startedAt;
      this.endpoint = URI.create("http://127.0.0.1:" + port);
    }

    boolean exists() {
      return upAt != NEVER && goneAt == NEVER;
    }

    String id() {
      return request.instanceId();
    }
  }

  final Map<String, Machine> machines = new LinkedHashMap<>();
  private final ClusterWalk walk;
  private final Random random;
  private final List<Connection> connections = new ArrayList<>();
  private final Set<String> refused = new HashSet<>();

  SimulatedMachines(ClusterWalk walk, long seed) {
    this.walk = walk;
    this.random = new Random(seed);
  }

  InstanceProvider connect(SimulatedReplica replica) {
    Connection connection = new Connection(replica);
    connections.add(connection);
    return connection;
  }

  List<Machine> existing() {
    return machines.values().stream().filter(Machine::exists).toList();
  }

  private void arrive(Machine machine, CompletableFuture<ProviderInstance> answer) {
    if (refused.contains(machine.id())) {
      machine.upAt = walk.time.read();
      machine.goneAt = machine.upAt;
      answer.completeExceptionally(new InstanceStartException("it was released before"));
      return;
    }
    machine.late = machine.request.epoch() != walk.election.epoch();
    machine.upAt = walk.time.read();
    machine.readyAt = machine.upAt + random.nextLong(ClusterWalk.SECOND);
    walk.checkMachines(machine);
    answer.complete(ProviderInstance.of(machine.request, machine.endpoint, machine.startedAt));
    if (random.nextInt(12) == 0) {
      walk.after(random.nextLong(20 * ClusterWalk.SECOND), () -> exit(machine));
    }
  }

  private void exit(Machine machine) {
    if (machine.exists() && machine.exitedAt == NEVER && !walk.isEnding()) {
      machine.exitedAt = walk.time.read();
      for (Connection connection : List.copyOf(connections)) {
        connection.tell(machine);
      }
    }
  }

  private void released(String id, CompletableFuture<@Nullable Void> answer) {
    Machine machine = machines.get(id);
    if (machine == null || machine.upAt == NEVER) {
      refused.add(id);
      answer.complete(null);
      return;
    }
    if (machine.goneAt == NEVER && !machine.released) {
      machine.released = true;
      walk.checkRelease(machine);
    }
    walk.after(
        random.nextLong(ClusterWalk.SECOND / 2),
        () -> {
          if (machine.goneAt == NEVER) {
            machine.goneAt = walk.time.read();
          }
          answer.complete(null);
        });
  }

  /** The way of one engine to them. */
  private final class Connection implements InstanceProvider {
    private final SimulatedReplica replica;
    private @Nullable ProviderContext context;

    Connection(SimulatedReplica replica) {
      this.replica = replica;
    }

    @Override
    public String name() {
      return "simulated";
    }

    @Override
    public void open(ProviderContext opened) {
      context = opened;
    }

    private boolean isCut() {
      return replica.cutFromProvider() || !replica.process.isAlive();
    }

    /** Brings an answer to the process, unless it is lost. */
    private <T extends @Nullable Object> CompletableFuture<T> answered(CompletableFuture<T> call) {
      CompletableFuture<T> answer = new CompletableFuture<>();
      call.whenComplete(
          (value, error) ->
              replica.process.execute(
                  () -> {
                    if (isCut()) {
                      answer.completeExceptionally(new IOException("the answer was lost"));
                    } else if (error != null) {
                      answer.completeExceptionally(error);
                    } else {
                      answer.complete(value);
                    }
                  }));
      return answer;
    }

    @Override
    public CompletionStage<ProviderInstance> start(StartRequest request) {
      if (isCut()) {
        return CompletableFuture.failedFuture(new IOException("the provider is not reached"));
      }
      walk.checkActs(replica, "starts " + request.instanceId(), request.epoch());
      Machine machine =
          new Machine(
              request, walk.time.read(), walk.time.instant(), 20_000 + machines.size() % 40_000);
      machines.put(machine.id(), machine);
      CompletableFuture<ProviderInstance> answer = new CompletableFuture<>();
      if (random.nextInt(15) == 0) {
        machine.upAt = walk.time.read();
        machine.goneAt = machine.upAt;
        answer.completeExceptionally(new InstanceStartException("it does not start, as drawn"));
      } else {
        long takes =
            random.nextInt(10) == 0
                ? random.nextLong(20 * ClusterWalk.SECOND)
                : random.nextLong(2 * ClusterWalk.SECOND);
        walk.after(takes, () -> arrive(machine, answer));
      }
      return answered(answer);
    }

    @Override
    public CompletionStage<Void> release(String instanceId, Duration grace) {
      if (isCut()) {
        return CompletableFuture.failedFuture(new IOException("the provider is not reached"));
      }
      walk.checkActs(replica, "releases " + instanceId, 0);
      walk.meets.releases(replica);
      CompletableFuture<@Nullable Void> answer = new CompletableFuture<>();
      // Within the part of a term by which a leader stops early.
      walk.after(random.nextLong(ClusterWalk.SECOND / 2), () -> released(instanceId, answer));
      return answered(answer);
    }

    @Override
    public CompletionStage<List<ProviderInstance>> list(String owner) {
      CompletableFuture<List<ProviderInstance>> answer = new CompletableFuture<>();
      walk.after(
          ClusterWalk.SECOND / 50,
          () -> {
            if (isCut()) {
              answer.completeExceptionally(new IOException("the provider is not reached"));
            } else {
              answer.complete(existing().stream().map(this::listed).toList());
            }
          });
      return answered(answer);
    }

    private ProviderInstance listed(Machine machine) {
      return ProviderInstance.builder(machine.request, machine.startedAt)
          .endpoint(machine.endpoint)
          .exit(machine.exitedAt == NEVER ? null : InstanceExit.unknown("it ended, as drawn"))
          .build();
    }

    @Override
    public CompletionStage<List<String>> logs(String instanceId, int lines) {
      return CompletableFuture.completedFuture(List.of());
    }

    @Override
    public boolean isReady(ProviderInstance instance, ReadinessProbe probe) throws IOException {
      if (isCut()) {
        throw new IOException("the instance is not reached");
      }
      Machine machine = machines.get(instance.instanceId());
      return machine != null
          && machine.exists()
          && machine.exitedAt == NEVER
          && walk.time.read() >= machine.readyAt;
    }

    void tell(Machine machine) {
      ProviderContext opened = context;
      if (opened != null) {
        replica.process.execute(
            () -> {
              if (!isCut()) {
                opened.observer().exited(machine.id(), InstanceExit.unknown("as drawn"));
              }
            });
      }
    }

    @Override
    public void close() {
      context = null;
      connections.remove(this);
    }
  }
}
