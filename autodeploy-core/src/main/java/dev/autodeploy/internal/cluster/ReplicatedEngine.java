package dev.autodeploy.internal.cluster;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.SharedGpus;
import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.internal.engine.Engine;
import dev.autodeploy.internal.engine.EngineConfig;
import dev.autodeploy.internal.engine.EngineCosts;
import dev.autodeploy.internal.engine.Operations;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.LeaderElection;
import dev.autodeploy.spi.ProviderCatalog;
import dev.autodeploy.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
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
 * The operations of one replica of several: passed on to its engine while it leads. While it stands
 * by, what the host declares is kept, and everything else is refused.
 */
public final class ReplicatedEngine implements Operations {
  private static final Logger LOG = LoggerFactory.getLogger(ReplicatedEngine.class);

  private final EngineConfig.Builder settings;
  private final Ticker ticker;
  private final Duration drainTimeout;
  private final Replica replica;

  /** Guards the declarations and the listeners. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Declarations declarations = new Declarations();
  private final Map<String, ReplicaDeployment> deployments = new ConcurrentHashMap<>();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private boolean closing;
  private volatile @Nullable Thread hook;

  private ReplicatedEngine(
      EngineConfig.Builder settings,
      LeaderElection election,
      Supplier<? extends InstanceProvider> providers,
      Duration term) {
    this.settings = settings;
    this.ticker = settings.ticker();
    this.drainTimeout = settings.drainTimeout();
    this.replica = new Replica(election, settings, providers, term, declarations, lock);
  }

  /**
   * Starts a replica, which stands by until it is elected.
   *
   * @param settings the settings of its engines, with an owner
   * @param election elects the leader
   * @param providers makes a provider for each engine
   * @param term for how long a leader leads without renewal
   * @return the replica
   */
  public static ReplicatedEngine start(
      EngineConfig.Builder settings,
      LeaderElection election,
      Supplier<? extends InstanceProvider> providers,
      Duration term) {
    requireNonNull(settings.owner(), "owner");
    boolean closeOnShutdown = settings.releaseOnShutdown();
    ReplicatedEngine engine = new ReplicatedEngine(settings, election, providers, term);
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
      replica.validate(spec);
    }
    lock.lock();
    try {
      refuseIfEnded();
      Engine engine = replica.engine();
      if (engine != null) {
        engine.deployAll(specs);
      }
      List<Deployment> deployed = new ArrayList<>(specs.size());
      for (DeploymentSpec spec : specs) {
        declarations.add(spec);
        ReplicaDeployment deployment = known(spec, settings.clock().instant());
        deployment.declared(spec);
        deployed.add(deployment);
      }
      return List.copyOf(deployed);
    } finally {
      lock.unlock();
    }
  }

  private ReplicaDeployment known(DeploymentSpec spec, Instant createdAt) {
    return deployments.computeIfAbsent(
        spec.name(), name -> new ReplicaDeployment(replica, spec, createdAt, ticker));
  }

  private ReplicaDeployment known(Deployment deployment) {
    return known(deployment.spec(), deployment.createdAt());
  }

  @Override
  public Deployment update(DeploymentSpec spec) {
    return known(leading(spec.name()).update(spec));
  }

  @Override
  public void linkPort(String name, int port) {
    leading(name).linkPort(name, port);
  }

  @Override
  public CompletableFuture<Void> remove(String name) {
    lock.lock();
    try {
      CompletableFuture<Void> removed = leading(name).remove(name);
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
    lock.lock();
    try {
      return declarations.names().stream().<Deployment>map(this::existing).toList();
    } finally {
      lock.unlock();
    }
  }

  private ReplicaDeployment existing(String name) {
    return requireNonNull(deployments.get(name), name);
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
    if (known == null) {
      throw ReplicaDeployment.notLeading(name);
    }
    return known;
  }

  @Override
  public void addListener(DeploymentListener listener) {
    lock.lock();
    try {
      settings.listener(listener);
      Engine engine = replica.engine();
      if (engine != null) {
        engine.addListener(listener);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void removeListener(DeploymentListener listener) {
    lock.lock();
    try {
      settings.removeListener(listener);
      Engine engine = replica.engine();
      if (engine != null) {
        engine.removeListener(listener);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public String owner() {
    return requireNonNull(settings.owner(), "owner");
  }

  @Override
  public String providerName() {
    return replica.providerName();
  }

  @Override
  public SharedGpus gpus() {
    return leading(null).gpus();
  }

  @Override
  public EngineCosts costs() {
    return leading(null).costs();
  }

  @Override
  public CompletableFuture<ProviderCatalog> catalog() {
    return leading(null).catalog();
  }

  @Override
  public CompletableFuture<Void> deleteSnapshot(String reference) {
    return leading(null).deleteSnapshot(reference);
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

  private Engine leading(@Nullable String deployment) {
    refuseIfEnded();
    Engine engine = replica.engine();
    if (engine == null) {
      throw ReplicaDeployment.notLeading(deployment);
    }
    return engine;
  }

  private void refuseIfEnded() {
    if (replica.isEnded()) {
      throw new AutoDeployException(ErrorCode.CLOSED, null, "the engine is closed");
    }
  }
}
