package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.internal.cluster.ReplicatedEngine;
import dev.autodeploy.internal.cluster.ThreadRuntime;
import dev.autodeploy.internal.declared.DeploymentsFileWatch;
import dev.autodeploy.internal.engine.Engine;
import dev.autodeploy.internal.engine.EngineConfig;
import dev.autodeploy.internal.engine.Operations;
import dev.autodeploy.internal.store.FileStateStore;
import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderCatalog;
import dev.autodeploy.spi.Scheduler;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.Ticker;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

// Over 500 lines for its documentation: everything that a host application can ask for.
/**
 * An engine that keeps deployments: it starts an instance when somebody needs one and releases it
 * when nobody does. Thread-safe.
 *
 * <pre>{@code
 * try (AutoDeploy autoDeploy = AutoDeploy.builder()
 *         .provider(LocalProcessProvider.create())
 *         .costMeter(CostMeter.perHour("0.49", "USD"))
 *         .build()) {
 *   Deployment voice = autoDeploy.deploy(DeploymentSpec.builder("breezyvoice")
 *       .startCommand("cd /BreezyVoice && python api.py")
 *       .port(8080)
 *       .build());
 *   try (Lease lease = voice.acquire(Duration.ofMinutes(10))) {
 *     call(lease.endpoint());
 *   }
 * }
 * }</pre>
 *
 * <p>{@link #close()} releases every instance. If the process ends without it, a shutdown hook does
 * the same, unless {@link Builder#releaseOnShutdown} switches it off.
 */
// Over 500 lines: a method for each operation and a setter for each setting, with their words.
public final class AutoDeploy implements AutoCloseable {
  private final Operations engine;
  private final @Nullable DeploymentsFileWatch file;

  private AutoDeploy(Operations engine, @Nullable DeploymentsFileWatch file) {
    this.engine = engine;
    this.file = file;
  }

  /**
   * Returns a builder for an engine.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Makes a deployment, or brings one of the same name in line with the specification: if it exists
   * with other settings this is an {@link #update}, with the same ones nothing changes. So a host
   * application can declare its deployments at every start.
   *
   * @param spec what is deployed
   * @return the deployment
   * @throws IllegalArgumentException if the provider can never start it
   * @throws AutoDeployException if a deployment of this name is being removed, the state cannot be
   *     stored, or the engine is closed
   */
  public Deployment deploy(DeploymentSpec spec) {
    return engine.deploy(requireNonNull(spec, "spec"));
  }

  /**
   * Makes many deployments, or brings them in line, as {@link #deploy} does one by one. Much faster
   * for many with a state directory, as they are made durable together. After an error those before
   * the one that failed may be made, and the call can be repeated.
   *
   * @param specs what is deployed, each of another name
   * @return the deployments, in the order of the specifications
   * @throws IllegalArgumentException if two have the same name, or the provider can never start
   *     one; then none is made
   * @throws AutoDeployException as for {@link #deploy}
   */
  public List<Deployment> deployAll(Collection<DeploymentSpec> specs) {
    return engine.deployAll(List.copyOf(specs));
  }

  /**
   * Replaces the specification of a deployment. Where instances depend on what changed, those of
   * the old specification drain and new requests get new ones; otherwise they stay.
   *
   * @param spec the new specification
   * @return the deployment
   * @throws IllegalArgumentException if the provider can never start it
   * @throws AutoDeployException with {@code DEPLOYMENT_NOT_FOUND} if there is none of this name, or
   *     it is being removed; also if the state cannot be stored, or the engine is closed
   */
  public Deployment update(DeploymentSpec spec) {
    return engine.update(requireNonNull(spec, "spec"));
  }

  /**
   * Changes the port of a deployment's own link, and nothing else of its specification. Proxies
   * that give each deployment a port call it; it neither opens nor closes one.
   *
   * @param deployment the deployment's name
   * @param port 1 to 65535
   * @throws AutoDeployException with {@code DEPLOYMENT_NOT_FOUND} if there is none of this name, or
   *     it is being removed; also if the state cannot be stored, or the engine is closed
   */
  public void linkPort(String deployment, int port) {
    Arguments.inRange("port", port, 1, 65_535);
    engine.linkPort(requireNonNull(deployment, "deployment"), port);
  }

  /**
   * Removes a deployment: waiting callers are refused, open leases may finish, then its instances
   * are released. What it cost stays in the ledger and in {@link #costs}; the {@link
   * Deployment#cost() cost} of a deployment of the same name that is made later begins at 0.
   *
   * @param name the deployment's name
   * @return completes when every instance is verified gone and the deployment is forgotten
   * @throws AutoDeployException with {@code DEPLOYMENT_NOT_FOUND} if there is none of this name;
   *     also if the state cannot be stored, or the engine is closed
   */
  public CompletableFuture<Void> remove(String name) {
    return engine.remove(requireNonNull(name, "name"));
  }

  /**
   * Returns all deployments.
   *
   * @return the deployments, in the order in which they were made
   */
  public List<Deployment> deployments() {
    return engine.deployments();
  }

  /**
   * Returns what the {@linkplain Builder#deploymentsFile file of deployments} declares.
   *
   * @return the names, and what is wrong with the file now; empty if there is no file
   */
  public Optional<DeclaredDeployments> declared() {
    return Optional.ofNullable(file).map(DeploymentsFileWatch::state);
  }

  /**
   * Finds a deployment.
   *
   * @param name its name
   * @return the deployment, or empty if there is none of this name
   */
  public Optional<Deployment> find(String name) {
    return engine.find(requireNonNull(name, "name"));
  }

  /**
   * Returns a deployment that is known to exist.
   *
   * @param name its name
   * @return the deployment
   * @throws AutoDeployException with {@code DEPLOYMENT_NOT_FOUND} if there is none of this name
   */
  public Deployment deployment(String name) {
    return engine.deployment(requireNonNull(name, "name"));
  }

  /**
   * Returns what all instances cost in a period, also those of deployments that were removed, by
   * the prices that counted at the time.
   *
   * @param from the beginning of the period
   * @param to its end, exclusive
   * @return the costs, to be grouped by deployment, period, GPU model and caller
   * @throws IllegalArgumentException if the end is before the beginning
   */
  public Costs costs(Instant from, Instant to) {
    Costs.checkPeriod(from, to);
    return new Costs(engine.costs(from, to), from, to);
  }

  /**
   * Computes what the instances that ended in a period would have cost at the prices of today.
   *
   * @param from the beginning of the period
   * @param to its end, exclusive
   * @param apply whether the ledger takes the new amounts; otherwise nothing is changed
   * @return each interval whose charges change, before and after
   * @throws AutoDeployException if the state cannot be stored: some may be changed then
   */
  public List<CostChange> recomputeCosts(Instant from, Instant to, boolean apply) {
    return engine.recomputeCosts(requireNonNull(from, "from"), requireNonNull(to, "to"), apply);
  }

  /**
   * Returns the budget of the engine, which all its deployments share, and what was spent of it.
   * Decides nothing.
   *
   * @return the status, or null without such a budget
   */
  public @Nullable BudgetStatus budgetStatus() {
    return engine.budgetStatus();
  }

  /**
   * Puts another budget of the engine in force, at once: raising it lets instances start again. It
   * is kept in the state, and counts after a restart too, until the engine is built with {@link
   * Builder#budget another one} than it was. May block, for the state.
   *
   * @param budget what all deployments may spend together, or null for any amount
   * @throws IllegalArgumentException if it is in another currency than the price of a deployment
   * @throws AutoDeployException if the state cannot be stored, or the engine is closed
   */
  public void budget(@Nullable Budget budget) {
    engine.budget(budget);
  }

  /**
   * Adds a listener.
   *
   * @param listener gets the events from now on; {@link DeploymentListener} says when some are
   *     dropped
   */
  public void addListener(DeploymentListener listener) {
    engine.addListener(requireNonNull(listener, "listener"));
  }

  /**
   * Removes a listener.
   *
   * @param listener the one that was added
   */
  public void removeListener(DeploymentListener listener) {
    engine.removeListener(requireNonNull(listener, "listener"));
  }

  /**
   * Returns the owner under which this engine's instances are labelled.
   *
   * @return the owner
   */
  public String owner() {
    return engine.owner();
  }

  /**
   * Returns the name of the provider.
   *
   * @return such as {@code docker}
   */
  public String providerName() {
    return engine.providerName();
  }

  /**
   * Tells who has which GPU, who waits for one, and who had which in the last day.
   *
   * @return the GPUs as they are now
   */
  public SharedGpus gpus() {
    return engine.gpus();
  }

  /**
   * Lists the images, snapshots and GPUs that the provider has to choose from. Does not block.
   *
   * @return images, snapshots, GPUs; empty lists where the provider cannot tell; or the provider's
   *     error
   */
  public CompletableFuture<ProviderCatalog> catalog() {
    return engine.catalog();
  }

  /**
   * Deletes a snapshot. Does not block.
   *
   * @param reference the snapshot's reference
   * @return completes when it is gone, also if there was none; or with the provider's error: {@link
   *     IllegalArgumentException} if it is no snapshot, {@link UnsupportedOperationException} if
   *     the provider has none
   */
  public CompletableFuture<Void> deleteSnapshot(String reference) {
    return engine.deleteSnapshot(requireNonNull(reference, "reference"));
  }

  /**
   * Returns whether this process makes the decisions: always, unless it is a replica of {@linkplain
   * Builder#cluster several} that stands by. Send requests to one that leads.
   *
   * @return whether it leads
   */
  public boolean leads() {
    return engine.leads();
  }

  /**
   * Lets another replica of {@linkplain Builder#cluster several} lead, for good: call it first when
   * the host application is ended. Instances stay as they are, and so do open leases; new requests
   * are refused here. Blocks until the leadership is given up: while instances are on their way out
   * that is when they are gone, within the term. Does nothing without replicas.
   */
  public void handOver() {
    engine.handOver();
  }

  /**
   * Ends the engine: refuses new requests and those that wait, lets open leases finish up to the
   * drain timeout, releases every instance, and returns when all are verified gone. With {@link
   * Builder#keepInstancesOnClose} ready instances are left to the next engine instead, and all of
   * them with {@link Builder#cluster}. Idempotent.
   *
   * <p>Blocks at most for the drain timeout, the release timeout and the longest grace period: by
   * default 1 minute 40 seconds, and once more if the last look, which may take 10 seconds, finds
   * an instance that was thought gone. Then listeners get 5 seconds for the last events, so a
   * listener that calls this waits for itself.
   *
   * @throws AutoDeployException with {@code PROVIDER_FAILED} if an instance could not be verified
   *     gone within the release timeout: it may still run, and the message names it; with {@code
   *     STATE_FAILED} if the store did not take the last entries of the ledger, which are lost. All
   *     else is closed then
   */
  @Override
  public void close() {
    if (file != null) {
      file.close();
    }
    engine.close();
  }

  /** Collects the settings of an engine. Not thread-safe. */
  public static final class Builder {
    private static final long LEAST_MEMORY = 6L << 20;

    private final EngineConfig.Builder settings = EngineConfig.builder();
    private @Nullable InstanceProvider provider;
    private @Nullable String owner;
    private @Nullable StateStore stateStore;
    private @Nullable Path stateDirectory;
    private @Nullable Cluster cluster;
    private boolean keepInstances;
    private @Nullable Path deploymentsFile;
    private @Nullable Budget budget;
    private @Nullable Duration watchInterval;

    private Builder() {}

    /**
     * Sets where instances run. Default: a {@link LocalProcessProvider}. It is closed with the
     * engine.
     *
     * @param value the provider, used by this engine only
     * @return this
     */
    public Builder provider(InstanceProvider value) {
      provider = requireNonNull(value, "provider");
      return this;
    }

    /**
     * Makes this one of several replicas, of which one at a time runs the engine. Needs an {@link
     * #owner}, the same for all; in place of {@link #provider}, {@link #stateStore} and {@link
     * #stateDirectory}. Default: there is only this process.
     *
     * @param value who elects the leader, and what makes providers
     * @return this
     */
    public Builder cluster(Cluster value) {
      cluster = requireNonNull(value, "cluster");
      return this;
    }

    /**
     * Sets the owner under which instances are labelled: what a restarted engine recognises its
     * instances by. Default: an id that is made once and kept in the state; without a stored state,
     * a new one each time. A stored state keeps the owner that it was made with: {@link #build}
     * refuses another one with {@code STATE_FAILED}.
     *
     * @param value 1 to 40 of {@code a-z 0-9 -}, beginning with a letter or digit
     * @return this
     */
    public Builder owner(String value) {
      requireNonNull(value, "owner");
      if (!value.matches("[a-z0-9][a-z0-9-]{0,39}")) {
        throw new IllegalArgumentException(
            "owner must be 1 to 40 of a-z, 0-9 and '-', beginning with a letter or digit, but was '"
                + value
                + "'");
      }
      owner = value;
      settings.owner(value);
      return this;
    }

    /**
     * Sets when instances without requests are released, for deployments that do not say. Default:
     * after 5 minutes.
     *
     * @param value the policy
     * @return this
     */
    public Builder idlePolicy(IdlePolicy value) {
      settings.idlePolicy(requireNonNull(value, "idlePolicy"));
      return this;
    }

    /**
     * Sets what instances cost. Default: nothing.
     *
     * @param value the meter
     * @return this
     */
    public Builder costMeter(CostMeter value) {
      settings.costMeter(requireNonNull(value, "costMeter"));
      return this;
    }

    /**
     * Keeps deployments and ledger in a directory, so that they survive a restart: the next engine
     * has its deployments again, whether they are declared again or not, until they are {@linkplain
     * AutoDeploy#remove removed}. The directory is made if needed, readable by its owner only, and
     * belongs to one engine at a time.
     *
     * @param directory the directory
     * @return this
     */
    public Builder stateDirectory(Path directory) {
      stateDirectory = requireNonNull(directory, "stateDirectory");
      return this;
    }

    /**
     * Keeps deployments and ledger in a store. Default: in memory. It is closed with the engine.
     *
     * @param store the store
     * @return this
     */
    public Builder stateStore(StateStore store) {
      stateStore = requireNonNull(store, "stateStore");
      return this;
    }

    /**
     * Adds a listener that gets the events from the first one on. {@link DeploymentListener} says
     * when some are dropped.
     *
     * @param listener the listener
     * @return this
     */
    public Builder listener(DeploymentListener listener) {
      settings.listener(requireNonNull(listener, "listener"));
      return this;
    }

    /**
     * Sets what durations are measured with. Default: the system's.
     *
     * @param value the ticker
     * @return this
     */
    public Builder ticker(Ticker value) {
      settings.ticker(requireNonNull(value, "ticker"));
      return this;
    }

    /**
     * Sets what moments are recorded with. Default: the system's clock.
     *
     * @param value the clock
     * @return this
     */
    public Builder clock(InstantSource value) {
      settings.clock(requireNonNull(value, "clock"));
      return this;
    }

    /**
     * Sets what runs timers. Default: a thread of the engine's own.
     *
     * @param value the scheduler, which the engine does not close
     * @return this
     */
    public Builder scheduler(Scheduler value) {
      settings.scheduler(requireNonNull(value, "scheduler"));
      return this;
    }

    /**
     * Sets what provider calls and probes run on; they may block. Default: virtual threads where
     * the JVM is 24 or newer, else threads of the engine's own.
     *
     * @param value the executor, which the engine does not close
     * @return this
     */
    public Builder providerExecutor(Executor value) {
      settings.providerExecutor(requireNonNull(value, "providerExecutor"));
      return this;
    }

    /**
     * Sets what listeners and the stages of waiting callers run on. Default: virtual threads where
     * the JVM is 24 or newer, else up to 1024 threads of the engine's own, of which 64 begin at
     * once and others while those are blocked. Hand in an executor of yours if stages block for
     * long.
     *
     * @param value the executor, which the engine does not close
     * @return this
     */
    public Builder callbackExecutor(Executor value) {
      settings.callbackExecutor(requireNonNull(value, "callbackExecutor"));
      return this;
    }

    /**
     * Sets what instance ids and random routes are drawn from. Default: a secure source.
     *
     * @param value the generator; used under a lock
     * @return this
     */
    public Builder random(RandomGenerator value) {
      settings.random(requireNonNull(value, "random"));
      return this;
    }

    /**
     * Sets how many instances all deployments may have together, those that are starting, asleep or
     * being released included. A start that finds the maximum reached waits in line, like one for a
     * GPU, and an idle instance of another deployment makes room. Default: any number.
     *
     * @param value 1 to 100 000
     * @return this
     */
    public Builder maxInstances(int value) {
      settings.maxInstances(Arguments.inRange("maxInstances", value, 1, 100_000, " instances"));
      return this;
    }

    /**
     * Sets what all deployments may spend together, beside their own {@link
     * DeploymentSpec.Builder#budget budgets}: also those that are removed, for as long as the
     * period lasts; in total, since the state was begun. All prices have to be in its currency.
     * Default: any amount. {@link AutoDeploy#budget} changes it at run time.
     *
     * @param value the budget, or null for none
     * @return this
     */
    public Builder budget(@Nullable Budget value) {
      budget = value;
      settings.budget(value);
      return this;
    }

    /**
     * Sets how much memory the instances of all deployments may have together, by the {@link
     * DeploymentSpec.Builder#memoryBytes(long) memoryBytes} of their deployments; instances of
     * those that do not say are not counted. A start for which there is not enough waits in line,
     * like one for a GPU. Default: any amount.
     *
     * @param bytes 6 MiB to 1 PiB
     * @return this
     */
    public Builder hostMemoryBytes(long bytes) {
      settings.hostMemoryBytes(Arguments.inRange("hostMemoryBytes", bytes, LEAST_MEMORY, 1L << 50));
      return this;
    }

    /**
     * Sets how long {@link AutoDeploy#close()} lets open leases finish. Default: 30 seconds.
     *
     * @param value 0 or longer
     * @return this
     */
    public Builder drainTimeout(Duration value) {
      settings.drainTimeout(Arguments.notNegative("drainTimeout", value));
      return this;
    }

    /**
     * Sets how long {@link AutoDeploy#close()} waits after the drain for releases to be verified,
     * beyond the deployments' own grace periods. Default: 1 minute.
     *
     * @param value 0 or longer
     * @return this
     */
    public Builder releaseTimeout(Duration value) {
      settings.releaseTimeout(Arguments.notNegative("releaseTimeout", value));
      return this;
    }

    /**
     * Sets whether {@link AutoDeploy#close()} keeps ready instances running for the next engine of
     * the same owner. Default: false. Needs a fixed owner or a stored state; the provider limits
     * how long they stay without an engine.
     *
     * @param value whether to keep them
     * @return this
     */
    public Builder keepInstancesOnClose(boolean value) {
      keepInstances = value;
      settings.keepInstances(value);
      return this;
    }

    /**
     * Sets whether a shutdown hook closes the engine when the process ends. Default: true.
     *
     * @param value whether to add the hook
     * @return this
     */
    public Builder releaseOnShutdown(boolean value) {
      settings.releaseOnShutdown(value);
      return this;
    }

    /**
     * Declares the deployments of a file: YAML (with {@code org.snakeyaml:snakeyaml-engine} on the
     * class path), or JSON if its name ends with {@code .json}. They are made by {@link #build},
     * like those that the host application declares itself. The page does not change them. A
     * deployment that is taken out of the file later stays until it is removed. Default: no file.
     *
     * @param file the file, which no other user of this machine may be able to write
     * @return this
     */
    public Builder deploymentsFile(Path file) {
      deploymentsFile = requireNonNull(file, "deploymentsFile");
      return this;
    }

    /**
     * Sets how often the {@link #deploymentsFile} is looked at for changes, which count once two
     * looks have found the same. A file that cannot be used then changes nothing, and is logged.
     * Default: it is read once.
     *
     * @param interval 100 ms to 1 day
     * @return this
     */
    public Builder watchDeploymentsFile(Duration interval) {
      watchInterval =
          Arguments.inRange(
              "watchDeploymentsFile", interval, Duration.ofMillis(100), Duration.ofDays(1));
      return this;
    }

    /**
     * Builds the engine: reads the stored state and adopts, or releases, what an earlier process
     * left behind. Blocks while the provider is asked.
     *
     * @return the engine
     * @throws IllegalArgumentException if both {@code stateStore} and {@code stateDirectory} are
     *     set, the directory is not on the default file system, {@code keepInstancesOnClose} is set
     *     without an owner, store or directory, or {@code cluster} without an owner or together
     *     with a provider, store or directory; {@link InvalidDeploymentsFileException} if anything
     *     in the file of deployments is wrong
     * @throws AutoDeployException if the state is damaged or somebody else's, the owner is in use,
     *     or the provider does not answer
     */
    public AutoDeploy build() {
      if (stateStore != null && stateDirectory != null) {
        throw new IllegalArgumentException("set either stateStore or stateDirectory, not both");
      }
      if (cluster != null) {
        return replica(cluster);
      }
      if (keepInstances && owner == null && stateStore == null && stateDirectory == null) {
        throw new IllegalArgumentException(
            "keepInstancesOnClose needs an owner or a stateDirectory: without one the next engine"
                + " cannot recognise what was left");
      }
      settings.store(store());
      InstanceProvider used = provider != null ? provider : LocalProcessProvider.create();
      return started(() -> Engine.start(settings.build(used)));
    }

    /** Reads the file before anything is started, and makes its deployments afterwards. */
    private AutoDeploy started(Supplier<Operations> start) {
      if (deploymentsFile == null) {
        return new AutoDeploy(start.get(), null);
      }
      AtomicReference<Operations> engine = new AtomicReference<>();
      DeploymentsFileWatch watch =
          new DeploymentsFileWatch(
              deploymentsFile,
              System::getenv,
              specs -> requireNonNull(engine.get(), "engine").deployAll(specs),
              found -> requireNonNull(engine.get(), "engine").declareBudget(found));
      if (watch.budget() != null) {
        if (budget != null) {
          throw new IllegalArgumentException(
              "the budget of the engine is set in " + deploymentsFile + " and by budget: set one");
        }
        settings.budget(watch.budget());
      }
      engine.set(start.get());
      try {
        watch.apply();
      } catch (RuntimeException | Error e) {
        closeAfter(e, engine.get());
        throw e;
      }
      if (watchInterval != null) {
        watch.watch(watchInterval);
      }
      return new AutoDeploy(engine.get(), watch);
    }

    private static void closeAfter(Throwable failure, Operations engine) {
      try {
        engine.close();
      } catch (RuntimeException | Error e) {
        failure.addSuppressed(e);
      }
    }

    private AutoDeploy replica(Cluster replicas) {
      if (owner == null || provider != null || stateStore != null || stateDirectory != null) {
        throw new IllegalArgumentException(
            "cluster needs an owner, the same for all replicas, and brings provider and state"
                + " itself: set neither provider nor stateStore nor stateDirectory");
      }
      return started(
          () ->
              ReplicatedEngine.start(
                  settings,
                  replicas.election(),
                  replicas.providers(),
                  replicas.term(),
                  replicas.address(),
                  new ThreadRuntime()));
    }

    private StateStore store() {
      if (stateDirectory != null) {
        return new FileStateStore(stateDirectory);
      }
      return stateStore != null ? stateStore : StateStore.inMemory();
    }
  }
}
