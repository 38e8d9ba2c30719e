package dev.autodeploy.internal.engine;

import dev.autodeploy.Budget;
import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.internal.decision.HostShare;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.Scheduler;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.Ticker;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The settings of an engine, as {@code AutoDeploy.Builder} has checked them. Immutable. */
public final class EngineConfig {
  private final InstanceProvider provider;
  private final @Nullable String owner;
  private final IdlePolicy idlePolicy;
  private final CostMeter costMeter;
  private final StateStore store;
  private final List<DeploymentListener> listeners;
  private final Ticker ticker;
  private final InstantSource clock;
  private final @Nullable Scheduler scheduler;
  private final @Nullable Executor providerExecutor;
  private final @Nullable Executor callbackExecutor;
  private final @Nullable RandomGenerator random;
  private final Duration drainTimeout;
  private final Duration releaseTimeout;
  private final HostShare host;
  private final boolean keepInstances;
  private final boolean releaseOnShutdown;
  private final Leadership leadership;
  private final long epoch;
  private final Duration adoptionHold;
  private final @Nullable Budget budget;

  private EngineConfig(InstanceProvider provider, Builder b) {
    this.provider = provider;
    owner = b.owner;
    idlePolicy = b.idlePolicy;
    costMeter = b.costMeter;
    store = b.store;
    listeners = List.copyOf(b.listeners);
    ticker = b.ticker;
    clock = b.clock;
    scheduler = b.scheduler;
    providerExecutor = b.providerExecutor;
    callbackExecutor = b.callbackExecutor;
    random = b.random;
    drainTimeout = b.drainTimeout;
    releaseTimeout = b.releaseTimeout;
    host = HostShare.limits(b.maxInstances, b.hostMemoryBytes);
    keepInstances = b.keepInstances;
    releaseOnShutdown = b.releaseOnShutdown;
    leadership = b.leadership;
    epoch = b.epoch;
    adoptionHold = b.adoptionHold;
    budget = b.budget;
  }

  /**
   * Returns a builder with the defaults.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns the provider, where instances run. */
  public InstanceProvider provider() {
    return provider;
  }

  /** Returns the owner under which they are labelled; null for the stored or a new one. */
  public @Nullable String owner() {
    return owner;
  }

  /** Returns the policy of deployments without their own. */
  public IdlePolicy idlePolicy() {
    return idlePolicy;
  }

  /** Returns the meter of deployments without their own price. */
  public CostMeter costMeter() {
    return costMeter;
  }

  /** Returns the store of state and ledger. */
  public StateStore store() {
    return store;
  }

  /** Returns those who get the events from the first one on. */
  public List<DeploymentListener> listeners() {
    return listeners;
  }

  /** Returns the ticker that measures durations. */
  public Ticker ticker() {
    return ticker;
  }

  /** Returns the clock of records. */
  public InstantSource clock() {
    return clock;
  }

  /** Returns the scheduler of timers; null for one of the engine's own. */
  public @Nullable Scheduler scheduler() {
    return scheduler;
  }

  /** Returns the executor of provider calls and probes; null for one of the engine's own. */
  public @Nullable Executor providerExecutor() {
    return providerExecutor;
  }

  /** Returns the executor of listeners and waiting callers; null for one of the engine's own. */
  public @Nullable Executor callbackExecutor() {
    return callbackExecutor;
  }

  /** Returns the generator of ids and random routes; null for a secure one. */
  public @Nullable RandomGenerator random() {
    return random;
  }

  /** Returns how long closing lets open leases finish. */
  public Duration drainTimeout() {
    return drainTimeout;
  }

  /** Returns how long closing then waits for releases. */
  public Duration releaseTimeout() {
    return releaseTimeout;
  }

  /** Returns what all instances may have together. */
  public HostShare host() {
    return host;
  }

  /** Returns whether closing leaves ready instances running. */
  public boolean keepInstances() {
    return keepInstances;
  }

  /** Returns whether to close when the process ends. */
  public boolean releaseOnShutdown() {
    return releaseOnShutdown;
  }

  /** Returns what the engine may still do, as another replica may lead by now. */
  public Leadership leadership() {
    return leadership;
  }

  /** Returns the epoch in which the engine leads; 0 without replicas. */
  public long epoch() {
    return epoch;
  }

  /** Returns how long adopted instances are not released as idle, as others may use them. */
  public Duration adoptionHold() {
    return adoptionHold;
  }

  /** Returns what all deployments may spend together, or null for any amount. */
  public @Nullable Budget budget() {
    return budget;
  }

  /** Collects the settings, which it does not check. */
  public static final class Builder {
    private @Nullable String owner;
    private IdlePolicy idlePolicy = IdlePolicy.after(IdlePolicy.DEFAULT_TIMEOUT);
    private CostMeter costMeter = CostMeter.free();
    private StateStore store = StateStore.inMemory();
    private final List<DeploymentListener> listeners = new ArrayList<>();
    private Ticker ticker = Ticker.system();
    private InstantSource clock = InstantSource.system();
    private @Nullable Scheduler scheduler;
    private @Nullable Executor providerExecutor;
    private @Nullable Executor callbackExecutor;
    private @Nullable RandomGenerator random;
    private Duration drainTimeout = Duration.ofSeconds(30);
    private Duration releaseTimeout = Duration.ofMinutes(1);
    private int maxInstances;
    private long hostMemoryBytes;
    private boolean keepInstances;
    private boolean releaseOnShutdown = true;
    private Leadership leadership = Leadership.ALONE;
    private long epoch;
    private Duration adoptionHold = Duration.ZERO;
    private @Nullable Budget budget;

    private Builder() {}

    /**
     * Adds listeners.
     *
     * @param values the listeners
     * @return this
     */
    public Builder listeners(List<DeploymentListener> values) {
      listeners.addAll(values);
      return this;
    }

    /** Sets the owner under which they are labelled; null for the stored or a new one. */
    public Builder owner(@Nullable String value) {
      owner = value;
      return this;
    }

    /** Sets the policy of deployments without their own. */
    public Builder idlePolicy(IdlePolicy value) {
      idlePolicy = value;
      return this;
    }

    /** Sets the meter of deployments without their own price. */
    public Builder costMeter(CostMeter value) {
      costMeter = value;
      return this;
    }

    /** Sets the store of state and ledger. */
    public Builder store(StateStore value) {
      store = value;
      return this;
    }

    /**
     * Adds a listener.
     *
     * @param value the listener
     * @return this
     */
    public Builder listener(DeploymentListener value) {
      listeners.add(value);
      return this;
    }

    /** Sets the ticker that measures durations. */
    public Builder ticker(Ticker value) {
      ticker = value;
      return this;
    }

    /** Sets the clock of records. */
    public Builder clock(InstantSource value) {
      clock = value;
      return this;
    }

    /** Sets the scheduler of timers; null for one of the engine's own. */
    public Builder scheduler(@Nullable Scheduler value) {
      scheduler = value;
      return this;
    }

    /** Sets the executor of provider calls and probes; null for one of the engine's own. */
    public Builder providerExecutor(@Nullable Executor value) {
      providerExecutor = value;
      return this;
    }

    /** Sets the executor of listeners and waiting callers; null for one of the engine's own. */
    public Builder callbackExecutor(@Nullable Executor value) {
      callbackExecutor = value;
      return this;
    }

    /** Sets the generator of ids and random routes; null for a secure one. */
    public Builder random(@Nullable RandomGenerator value) {
      random = value;
      return this;
    }

    /** Sets how long closing lets open leases finish. */
    public Builder drainTimeout(Duration value) {
      drainTimeout = value;
      return this;
    }

    /**
     * Sets how many instances all deployments may have together.
     *
     * @param value the number, 0 for any
     * @return this
     */
    public Builder maxInstances(int value) {
      maxInstances = value;
      return this;
    }

    /**
     * Sets how much of the host's memory all instances may have together.
     *
     * @param value the amount, 0 for any
     * @return this
     */
    public Builder hostMemoryBytes(long value) {
      hostMemoryBytes = value;
      return this;
    }

    /** Sets how long closing then waits for releases. */
    public Builder releaseTimeout(Duration value) {
      releaseTimeout = value;
      return this;
    }

    /** Sets whether closing leaves ready instances running. */
    public Builder keepInstances(boolean value) {
      keepInstances = value;
      return this;
    }

    /** Sets whether to close when the process ends. */
    public Builder releaseOnShutdown(boolean value) {
      releaseOnShutdown = value;
      return this;
    }

    /**
     * Sets what the engine may still do.
     *
     * @param value asked before each call of the provider, and by those who hand a lease out
     * @return this
     */
    public Builder leadership(Leadership value) {
      leadership = value;
      return this;
    }

    /**
     * Sets the epoch in which the engine leads, which its instances bear.
     *
     * @param value 1 or more; 0 without replicas
     * @return this
     */
    public Builder epoch(long value) {
      epoch = value;
      return this;
    }

    /** Sets what all deployments may spend together; null for any amount. */
    public Builder budget(@Nullable Budget value) {
      budget = value;
      return this;
    }

    /** Sets how long adopted instances are not released as idle. */
    public Builder adoptionHold(Duration value) {
      adoptionHold = value;
      return this;
    }

    /**
     * Returns how long closing lets open leases finish, as it is set so far.
     *
     * @return the value
     */
    public Duration drainTimeout() {
      return drainTimeout;
    }

    /**
     * Returns the owner as it is set so far.
     *
     * @return the value, or null
     */
    public @Nullable String owner() {
      return owner;
    }

    /**
     * Removes a listener.
     *
     * @param value the listener
     * @return this
     */
    public Builder removeListener(DeploymentListener value) {
      listeners.remove(value);
      return this;
    }

    /**
     * Returns whether to close when the process ends, as it is set so far.
     *
     * @return the value
     */
    public boolean releaseOnShutdown() {
      return releaseOnShutdown;
    }

    /**
     * Returns the ticker as it is set so far.
     *
     * @return the value
     */
    public Ticker ticker() {
      return ticker;
    }

    /**
     * Returns the policy of deployments without their own, as it is set so far.
     *
     * @return the value
     */
    public IdlePolicy idlePolicy() {
      return idlePolicy;
    }

    /**
     * Returns the meter of deployments without their own price, as it is set so far.
     *
     * @return the value
     */
    public CostMeter costMeter() {
      return costMeter;
    }

    /**
     * Returns the clock of records as it is set so far.
     *
     * @return the value
     */
    public InstantSource clock() {
      return clock;
    }

    /**
     * Returns the settings of an engine.
     *
     * @param provider where its instances run
     * @return the settings
     */
    public EngineConfig build(InstanceProvider provider) {
      return new EngineConfig(provider, this);
    }
  }
}
