package dev.autodeploy.internal.cluster;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Budget;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.CostChange;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.SharedGpus;
import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.internal.engine.Engine;
import dev.autodeploy.internal.engine.EngineConfig;
import dev.autodeploy.internal.engine.Operations;
import dev.autodeploy.internal.ledger.CostChunk;
import dev.autodeploy.internal.wire.WireJson;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.LeaderElection;
import dev.autodeploy.spi.ProviderCatalog;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operations of one replica of several: passed on to its engine while it leads, and to the
 * leader while another one does. Where none is reached, what the host declares is kept, and
 * everything else is refused.
 */
public final class ReplicatedEngine implements Operations {
  private static final Logger LOG = LoggerFactory.getLogger(ReplicatedEngine.class);

  private final EngineConfig.Builder settings;
  private final Duration drainTimeout;
  private final Replica replica;

  /** Guards the declarations and the listeners. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Declarations declarations = new Declarations();
  private final ToldDeclarations toldDeclarations = new ToldDeclarations(declarations, lock);
  private final Directory directory = new Directory();
  private final Map<String, ReplicaDeployment> deployments = new ConcurrentHashMap<>();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private boolean closing;
  private volatile @Nullable Thread hook;

  private ReplicatedEngine(
      EngineConfig.Builder settings,
      LeaderElection election,
      Supplier<? extends InstanceProvider> providers,
      Duration term,
      @Nullable ReplicaAddress address,
      ReplicaRuntime runtime) {
    this.settings = settings;
    this.drainTimeout = settings.drainTimeout();
    this.replica =
        new Replica(
            election,
            settings,
            providers,
            term,
            address,
            declarations,
            directory,
            this::heard,
            this::opened,
            lock,
            runtime);
  }

  /**
   * Starts a replica, which stands by until it is elected.
   *
   * @param settings the settings of its engines, with an owner
   * @param election elects the leader
   * @param providers makes a provider for each engine
   * @param term for how long a leader leads without renewal
   * @param address where other replicas reach it; null for one that only stands by
   * @param runtime the threads, timers and connections
   * @return the replica
   */
  public static ReplicatedEngine start(
      EngineConfig.Builder settings,
      LeaderElection election,
      Supplier<? extends InstanceProvider> providers,
      Duration term,
      @Nullable ReplicaAddress address,
      ReplicaRuntime runtime) {
    requireNonNull(settings.owner(), "owner");
    boolean closeOnShutdown = settings.releaseOnShutdown();
    ReplicatedEngine engine =
        new ReplicatedEngine(settings, election, providers, term, address, runtime);
    if (closeOnShutdown) {
      Thread thread = new Thread(engine::close, "autodeploy-shutdown-0");
      Runtime.getRuntime().addShutdownHook(thread);
      engine.hook = thread;
    }
    engine.replica.begin();
    return engine;
  }

  @Override
  public Deployment deploy(DeploymentSpec spec) {
    return deployAll(List.of(spec)).get(0);
  }

  @Override
  public List<Deployment> deployAll(List<DeploymentSpec> specs) {
    Set<String> names = new HashSet<>();
    for (DeploymentSpec spec : specs) {
      if (!names.add(spec.name())) {
        throw new IllegalArgumentException("two specifications are named '" + spec.name() + "'");
      }
      replica.provider().validate(spec);
    }
    List<Deployment> deployed = new ArrayList<>(specs.size());
    boolean told = false;
    lock.lock();
    try {
      refuseIfEnded();
      Engine engine = replica.engine();
      if (engine != null) {
        engine.deployAll(specs);
        told = true;
      }
      for (DeploymentSpec spec : specs) {
        declarations.add(spec);
        if (told) {
          declarations.told(spec);
        }
        ReplicaDeployment deployment = known(spec, settings.clock().instant());
        deployment.declared(spec);
        deployed.add(deployment);
      }
    } finally {
      lock.unlock();
    }
    RemoteLeader leader = told ? null : replica.remote();
    if (leader != null) { // otherwise it is told when it is reached, or this replica leads
      toldDeclarations.tell(leader, specs.stream().filter(WireJson::isPortable).toList());
    }
    return List.copyOf(deployed);
  }

  /** The leader says something of a deployment. Called in order. */
  private void heard(JsonNode message) {
    switch (message.path("kind").asText()) {
      case "deployment" -> {
        String name = message.path("spec").path("name").asText();
        Directory.Known told = directory.find(name);
        if (told != null) {
          known(told);
        }
      }
      case "removed" -> deployments.remove(message.path("deployment").asText());
      default -> LOG.debug("The leader has told of all deployments");
    }
  }

  /** The leader is reached: it is told of what is declared here, and asked for leases then. */
  private void opened(LeaderLink link) {
    toldDeclarations
        .tellAll(new RemoteLeader(link, replica.leases()))
        .whenComplete(
            (done, error) ->
                replica.runApart(
                    () -> {
                      link.ready();
                      replica.changed();
                    }));
  }

  /** Returns a deployment that the leader has told of; the host's own objects are kept. */
  private ReplicaDeployment known(Directory.Known told) {
    DeploymentSpec spec = told.spec();
    lock.lock();
    try {
      DeploymentSpec declared = declarations.find(spec.name());
      boolean same = declared != null && WireJson.write(declared).equals(WireJson.write(spec));
      ReplicaDeployment deployment = known(spec, told.createdAt());
      deployment.told(same && declared != null ? declared : spec, told.createdAt());
      return deployment;
    } finally {
      lock.unlock();
    }
  }

  private ReplicaDeployment known(DeploymentSpec spec, Instant createdAt) {
    return deployments.computeIfAbsent(
        spec.name(), name -> new ReplicaDeployment(replica, spec, createdAt, settings));
  }

  private ReplicaDeployment known(Deployment deployment) {
    return known(deployment.spec(), deployment.createdAt());
  }

  @Override
  public Deployment update(DeploymentSpec spec) {
    Engine engine = leading();
    if (engine != null) {
      return known(engine.update(spec));
    }
    replica.provider().validate(spec);
    if (!WireJson.isPortable(spec)) {
      throw new IllegalArgumentException(
          "deployment '"
              + spec.name()
              + "' has a probe or a policy of this application, which the leader cannot be told of:"
              + " update it where the engine runs");
    }
    ObjectNode args = RemoteCalls.on(spec.name());
    args.set("spec", WireJson.write(spec));
    leader(spec.name()).get(RemoteCalls.UPDATE, args);
    ReplicaDeployment updated = known(spec, settings.clock().instant());
    updated.declared(spec);
    return updated;
  }

  @Override
  public void linkPort(String name, int port) {
    atLeader(name, RemoteCalls.LINK_PORT, RemoteCalls.on(name).put("port", port));
  }

  @Override
  public CompletableFuture<Void> remove(String name) {
    lock.lock();
    try {
      Engine engine = leading();
      CompletableFuture<Void> removed =
          engine != null
              ? engine.remove(name)
              : later(name, RemoteCalls.REMOVE, RemoteCalls.on(name));
      declarations.remove(name);
      return removed.thenRun(() -> deployments.remove(name));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public List<Deployment> deployments() {
    Engine engine = replica.engine();
    if (engine != null) {
      return engine.deployments().stream().<Deployment>map(this::known).toList();
    }
    List<Deployment> all = new ArrayList<>();
    Set<String> names = new LinkedHashSet<>();
    locked(
        () -> {
          if (directory.isComplete()) {
            directory.all().forEach(told -> names.add(told.spec().name()));
          }
          names.addAll(declarations.names());
        });
    for (String name : names) {
      ReplicaDeployment deployment = deployments.get(name);
      if (deployment != null) {
        all.add(deployment);
      }
    }
    return List.copyOf(all);
  }

  @Override
  public Optional<Deployment> find(String name) {
    Engine engine = replica.engine();
    if (engine != null) {
      return engine.find(name).map(this::known);
    }
    return Optional.ofNullable(deployments.get(name));
  }

  @Override
  public Deployment deployment(String name) {
    Engine engine = replica.engine();
    if (engine != null) {
      return known(engine.deployment(name));
    }
    Deployment known = deployments.get(name);
    if (known != null) {
      return known;
    }
    if (replica.remote() == null) {
      throw RemoteLeader.unreachable(name);
    }
    throw new AutoDeployException(
        ErrorCode.DEPLOYMENT_NOT_FOUND,
        name,
        "there is no deployment '" + name + "' at the leader");
  }

  @Override
  public void addListener(DeploymentListener listener) {
    locked(
        () -> {
          settings.listener(listener);
          Engine engine = replica.engine();
          if (engine != null) {
            engine.addListener(listener);
          }
        });
  }

  @Override
  public void removeListener(DeploymentListener listener) {
    locked(
        () -> {
          settings.removeListener(listener);
          Engine engine = replica.engine();
          if (engine != null) {
            engine.removeListener(listener);
          }
        });
  }

  @Override
  public String owner() {
    return requireNonNull(settings.owner(), "owner");
  }

  @Override
  public String providerName() {
    return replica.provider().name();
  }

  @Override
  public SharedGpus gpus() {
    return atLeader(null, RemoteCalls.GPUS, WireJson.object());
  }

  @Override
  public @Nullable BudgetStatus budgetStatus() {
    return atLeader(null, RemoteCalls.ENGINE_BUDGET_STATUS, WireJson.object());
  }

  @Override
  public void budget(@Nullable Budget budget) {
    ObjectNode args = WireJson.object();
    args.set("budget", WireJson.write(budget));
    atLeader(null, RemoteCalls.ENGINE_BUDGET, args);
  }

  @Override
  public void declareBudget(Budget budget) {
    ObjectNode args = WireJson.object();
    args.set("budget", WireJson.write(budget));
    atLeader(null, RemoteCalls.DECLARE_BUDGET, args);
    locked(() -> settings.budget(budget)); // for the engines that this replica starts later
  }

  @Override
  public List<CostChunk> costs(Instant from, Instant to) {
    Engine engine = leading();
    return engine != null
        ? engine.costs(from, to)
        : List.of(CostChunk.of(leader(null).get(RemoteCalls.COSTS, RemoteCalls.period(from, to))));
  }

  @Override
  public List<CostChange> recomputeCosts(Instant from, Instant to, boolean apply) {
    ObjectNode args = RemoteCalls.period(from, to).put("apply", apply);
    return atLeader(null, RemoteCalls.RECOMPUTE, args);
  }

  @Override
  public CompletableFuture<ProviderCatalog> catalog() {
    return laterAtLeader(RemoteCalls.CATALOG, WireJson.object());
  }

  @Override
  public CompletableFuture<Void> deleteSnapshot(String reference) {
    return laterAtLeader(
        RemoteCalls.DELETE_SNAPSHOT, WireJson.object().put("reference", reference));
  }

  @Override
  public boolean leads() {
    return replica.engine() != null;
  }

  @Override
  public void handOver() {
    replica.handOver();
  }

  @Override
  public void close() {
    if (!beginsToClose()) {
      closed.join();
      return;
    }
    try {
      replica.close(drainTimeout);
      removeHook();
    } finally {
      closed.complete(null);
    }
  }

  /** Returns whether this is the first call that closes it. */
  private boolean beginsToClose() {
    lock.lock();
    try {
      boolean first = !closing;
      closing = true;
      return first;
    } finally {
      lock.unlock();
    }
  }

  private void removeHook() {
    Thread thread = hook;
    if (thread != null && thread != Thread.currentThread()) {
      try {
        Runtime.getRuntime().removeShutdownHook(thread);
      } catch (IllegalStateException e) {
        LOG.debug("The process is ending; the hook stays");
      }
    }
  }

  private void locked(Runnable task) {
    lock.lock();
    try {
      task.run();
    } finally {
      lock.unlock();
    }
  }

  /** Returns the engine if this replica leads, or null. */
  private @Nullable Engine leading() {
    refuseIfEnded();
    return replica.engine();
  }

  private RemoteLeader leader(@Nullable String deployment) {
    RemoteLeader leader = replica.remote();
    if (leader == null) {
      throw RemoteLeader.unreachable(deployment);
    }
    return leader;
  }

  /** Carries an operation out, here or where it leads. */
  private <T extends @Nullable Object> T atLeader(
      @Nullable String deployment, RemoteCall<T> call, ObjectNode args) {
    Engine engine = leading();
    return engine != null
        ? call.body().apply(engine, args).toCompletableFuture().join()
        : leader(deployment).get(call, args);
  }

  private <T extends @Nullable Object> CompletableFuture<T> laterAtLeader(
      RemoteCall<T> call, ObjectNode args) {
    Engine engine = leading();
    return engine != null ? call.run(engine, args).toCompletableFuture() : later(null, call, args);
  }

  private <T extends @Nullable Object> CompletableFuture<T> later(
      @Nullable String deployment, RemoteCall<T> call, ObjectNode args) {
    return leader(deployment).ask(call, args);
  }

  private void refuseIfEnded() {
    if (replica.isEnded()) {
      throw new AutoDeployException(ErrorCode.CLOSED, null, "the engine is closed");
    }
  }
}
